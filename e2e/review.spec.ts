/** A second look: an annotator flags and submits, the reviewer sends it back with a pin, the annotator sees both and submits again, the reviewer accepts. */
import { expect, test, type Browser, type Page } from '@playwright/test';
import { startEmend, type Emend } from './harness/emend.ts';
import { picture } from './harness/picture.ts';
import { Editor } from './pages/editor.ts';
import { openDemo, projectUrl } from './pages/project.ts';

let emend: Emend | undefined;
test.beforeAll(async () => {
  test.setTimeout(180_000);
  emend = await startEmend({ env: { EMEND_DEMO: '8' } });
});
test.afterAll(async () => { await emend?.remove(); });

test('flag, review, send back with a pin, submit again, accept', async ({ page, browser }) => {
  await openDemo(page, emend?.url ?? '');
  await expect(page.getByTestId('loop-predict')).toHaveAttribute('data-state', 'done', { timeout: 180_000 });
  const project = projectUrl(page);
  const ann = await annotator(page, browser, project);
  const editor = new Editor(ann);
  await ann.goto(`${project}/correct`);
  await editor.ready();
  const task = await editor.task();
  await page.getByTestId('tab-review').click();
  await expect(page.getByTestId('review-empty')).toContainText('Nothing waits for review');

  await test.step('the annotator draws, flags with a note, submits; the queue fills without reloading', async () => {
    await editor.draw([30, 30, 60, 50]);
    await ann.keyboard.press('l');
    await ann.getByTestId('flag-words').fill('chip or dust?');
    await ann.getByTestId('flag-words').press('Enter');
    await expect(ann.getByTestId('flag')).toContainText('Flagged');
    await editor.saved();
    await editor.submit();
    await expect(page.getByTestId(`review-${task}`)).toContainText('chip or dust?');
    await expect(page.getByTestId('review-count')).toHaveText('1');
  });

  await test.step('the reviewer sees what was changed, before and after, and sends it back with a pin', async () => {
    await expect(page.getByTestId('review-why')).toContainText('chip or dust?');
    await expect(page.getByTestId('change').first()).toContainText('added');
    const canvas = page.getByTestId('review-canvas').locator('canvas');
    const shapes = async (): Promise<number> => Number(await canvas.getAttribute('data-shapes'));
    await expect.poll(shapes, 'the picture is drawn a moment after its list').toBeGreaterThan(0);
    const after = await shapes();
    await page.keyboard.press('b');
    await expect(page.getByTestId('review-canvas')).toHaveAttribute('data-side', 'before');
    await expect.poll(shapes).toBe(after - 1);
    await page.keyboard.press('b');
    await page.getByTestId('change').first().click();
    await page.keyboard.press('r');
    await page.getByTestId('review-comment').fill('The lower edge cuts the chip: a little lower, please');
    await page.getByTestId('review-canvas').click({ position: { x: 260, y: 260 } });
    await expect(page.getByTestId('pin')).toBeVisible();
    await picture(page, 'review');
    await page.getByTestId('send-back').click();
    await expect(page.getByTestId('review-back')).toContainText('sent back');
    await expect(page.getByTestId('review-count')).toHaveCount(0);
  });

  await test.step('the annotator gets it next, reads the comment, sees the pin, and submits again', async () => {
    await expect(ann.getByTestId('film-card').first()).toHaveAttribute('data-task', task);
    await editor.submit();
    await editor.ready();
    expect(await editor.task()).toBe(task);
    await expect(ann.getByTestId('sent-back')).toContainText('The lower edge cuts the chip');
    await expect(ann.getByTestId('sent-back')).toContainText('sent this back to you');
    await expect(ann.getByTestId('pin')).toBeVisible();
    await expect(editor.instances('person'), 'the work is as it was').toHaveCount(1);
    await picture(ann, 'sent-back');
    await editor.submit();
  });

  await test.step('the reviewer sees it again, with what was said before, and accepts', async () => {
    await page.getByTestId(`review-${task}`).click();
    await expect(page.getByTestId('past-reviews')).toContainText('The lower edge cuts the chip');
    await page.keyboard.press('a');
    await expect(page.getByTestId('review-back')).toContainText('accepted');
    await expect(page.getByTestId(`review-${task}`)).toHaveCount(0);
  });

  await test.step('"back" opens the decision again', async () => {
    await page.getByTestId('review-take-back').click();
    await expect(page.getByTestId('past-reviews')).toContainText('accepted');
    await expect(page.getByTestId('accept')).toBeVisible();
  });

  await test.step('a skip asks why, beside the picture, and the images page shows it', async () => {
    await editor.ready();
    const skipped = await editor.task();
    await ann.keyboard.press('s');
    await picture(ann, 'skip');
    await ann.getByTestId('skip-panel').press('2');
    await expect.poll(() => editor.task()).not.toBe(skipped);
    await page.goto(`${project}/images?skipped=unsure`);
    await expect(page.getByTestId('image-total')).toContainText('1 found');
    await expect(page.getByText('skipped: unsure').first()).toBeVisible();
  });
  await ann.context().close();
});

/** A new member who signs in with the link that the administrator got. */
async function annotator(admin: Page, browser: Browser, project: string): Promise<Page> {
  const link = await admin.evaluate(async (id) => {
    const answer = await fetch(`/api/v1/projects/${id}/members`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: 'ann@example.org', role: 'annotator' }) });
    const added: unknown = await answer.json();
    return typeof added === 'object' && added !== null && 'signInLink' in added ? String(added.signInLink) : '';
  }, project.split('/').at(-1) ?? '');
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' })).newPage();
  await page.goto(link);
  await expect(page.getByTestId('project-card')).toBeVisible({ timeout: 30_000 });
  return page;
}
