/** Dataset versions in the hand: freeze, correct, freeze again, see what changed object by object, where a label comes from, and restore. */
import { expect, test, type Page } from '@playwright/test';
import { startEmend, type Emend } from './harness/emend.ts';
import { picture } from './harness/picture.ts';
import { Editor } from './pages/editor.ts';
import { openDemo, projectUrl } from './pages/project.ts';

let emend: Emend | undefined;
test.beforeAll(async () => {
  test.setTimeout(180_000);
  emend = await startEmend({ env: { EMEND_DEMO: '16' } });
});
test.afterAll(async () => { await emend?.remove(); });

test('versions: what changed, where it comes from, and back', async ({ page }) => {
  test.setTimeout(300_000);
  await openDemo(page, emend?.url ?? '');
  await expect(page.getByTestId('loop-correct')).toContainText(/of \d+/, { timeout: 180_000 });
  let first = '';
  await test.step('a submit, then a version', async () => {
    first = await correct(page, [[30, 30, 60, 50]]);
    await freeze(page, 1);
  });
  await test.step('another image: version 2', async () => {
    await correct(page, [[120, 90, 80, 70], [20, 60, 50, 50]]);
    await freeze(page, 2);
  });
  await test.step('the changes are counted and shown', async () => {
    await page.getByTestId('version-changes-2').click();
    await expect(page.getByTestId('diff-summary')).toContainText('1 added');
    await expect(page.locator('[data-testid^="diff-image-"]')).toHaveCount(1);
  });
  await test.step('restore version 1 as version 3, and see what that took away and brought back', async () => {
    await page.goto(`${projectUrl(page)}/versions/1`);
    await page.getByTestId('version-restore').click();
    await page.getByTestId('version-restore-yes').click();
    await expect(page).toHaveURL(/versions\/3$/);
    await expect(page.getByTestId('diff-summary')).toContainText('1 removed');
    await page.getByTestId('diff-against').click();
    await page.getByRole('option', { name: 'v1' }).click();
    await expect(page.getByTestId('diff-summary')).toContainText('hence the same hash');
  });
  await test.step('a corrected image is sent through again: objects change, and tell where they come from', async () => {
    await reopen(page, first);
    await freeze(page, 4);
    await page.getByTestId('version-changes-4').click();
    await page.getByTestId('diff-object-added').first().click();
    await expect(page.getByTestId('provenance-origin')).toContainText('Drawn by');
    await expect(page.getByTestId('provenance')).toContainText('nothing was trained on it yet');
    await page.getByTestId('diff-kind-added').click();
    await expect(page.getByTestId('diff-object-added').first()).toBeVisible();
    await picture(page, 'diff');
  });
});

async function correct(page: Page, boxes: readonly (readonly [number, number, number, number])[]): Promise<string> {
  await page.goto(`${projectUrl(page)}/correct`);
  const editor = new Editor(page);
  await editor.ready();
  for (const box of boxes) await editor.draw(box);
  await expect(editor.instances('person')).toHaveCount(boxes.length);
  await editor.saved();
  const task = await editor.task();
  await editor.submit();
  return task;
}

/** Opens a submitted image again and adds a box. */
async function reopen(page: Page, task: string): Promise<void> {
  await page.goto(`${projectUrl(page)}/correct/${task}`);
  const editor = new Editor(page);
  await page.getByTestId('reopen').click();
  await editor.ready();
  await editor.draw([150, 40, 60, 60]);
  await editor.saved();
  await editor.submit();
}

async function freeze(page: Page, number: number): Promise<void> {
  await page.goto(`${projectUrl(page)}/versions?freeze=1`);
  await page.getByTestId('freeze-apply').click();
  await expect(page.getByTestId(`version-${number}`)).toBeVisible();
}
