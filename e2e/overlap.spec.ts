/** Three people at once: one looks on and helps by choice; two correct the same images blind; the third watches the team, and sees them agree, live. */
import { expect, test, type Browser, type Page } from '@playwright/test';
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

interface Annotator {
  page: Page;
  editor: Editor;
}

test('hand-out, blind overlap and the team screen', async ({ page, browser }) => {
  await openDemo(page, emend?.url ?? '');
  await expect(page.getByTestId('loop-predict')).toHaveAttribute('data-state', 'done', { timeout: 180_000 });
  const project = projectUrl(page);
  const [ann, bob] = [await annotator(page, browser, project, 'ann@example.org'), await annotator(page, browser, project, 'bob@example.org')];

  await test.step('each gets an image of their own; a colleague\'s is looked at, and changed only by choice', () => lookAndHelp(project, ann, bob));
  await test.step('every image that nobody has begun goes to two people', async () => {
    await page.goto(`${project}/settings`);
    await page.getByTestId('setting-overlap').fill('1');
    await page.getByTestId('settings-save').click();
    await expect(page.getByTestId('settings-save')).toBeDisabled();
    await page.getByTestId('tab-team').click();
    await expect(page.getByTestId('team-overlap')).toContainText(/0 of \d+ images/);
  });
  const pair = await test.step('two people get the blind copies of one image', () => takePair(project, ann, bob));
  await test.step('neither can open the other\'s, nor see it in a list', () => staysBlind(project, ann, bob, pair));
  await test.step('the team screen follows both as they work', async () => {
    const [mine, theirs] = [page.getByTestId(`live-${pair.ann}`), page.getByTestId(`live-${pair.bob}`)];
    await expect(mine).toBeVisible();
    await expect(theirs).toBeVisible();
    const before = Number(await mine.getAttribute('data-changes'));
    await ann.editor.draw([30, 30, 60, 50]);
    await ann.editor.saved();
    await expect.poll(async () => Number(await mine.getAttribute('data-changes'))).toBeGreaterThan(before);
    await expect(mine).toContainText('at work');
  });
  await test.step('agreement appears without reloading when both have submitted', async () => {
    await expect(page.getByTestId('agreement')).toContainText('corrected by two people');
    await ann.editor.submit();
    await expect(page.getByTestId('agreement-words')).toHaveCount(0);
    await bob.editor.submit();
    const began = Date.now();
    await expect(page.getByTestId('agreement-words')).toBeVisible({ timeout: 60_000 });
    expect(Date.now() - began).toBeLessThan(60_000);
    await expect(page.getByTestId('agreement-found')).toContainText('%');
    await expect(page.getByTestId('team-overlap')).toContainText(/1 of \d+ images/);
    await picture(page, 'team');
  });
  await test.step('the reviewer sees both side by side and chooses', async () => {
    await page.getByTestId('agreement-least').getByRole('link').first().click();
    await expect(page.getByTestId('pair-0')).toHaveAttribute('data-counts', pair.first === 0 ? 'true' : 'false');
    await page.getByTestId('pair-page').locator('img').evaluateAll((all: HTMLImageElement[]) => Promise.all(all.map((img) => img.decode())));
    await picture(page, 'pair');
    await page.getByTestId(`count-${1 - pair.first}`).click();
    await expect(page.getByTestId('pair-0')).toHaveAttribute('data-counts', pair.first === 0 ? 'false' : 'true');
  });
  for (const { page: own } of [ann, bob]) await own.context().close();
});

/** A new member who signs in with the link that the administrator got. */
async function annotator(admin: Page, browser: Browser, project: string, email: string): Promise<Annotator> {
  const link = await admin.evaluate(async ([id, mail]) => {
    const answer = await fetch(`/api/v1/projects/${id}/members`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: mail, role: 'annotator' }) });
    const added: unknown = await answer.json();
    return typeof added === 'object' && added !== null && 'signInLink' in added ? String(added.signInLink) : '';
  }, [project.split('/').at(-1) ?? '', email] as const);
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' })).newPage();
  await page.goto(link);
  await expect(page.getByTestId('project-card')).toBeVisible({ timeout: 30_000 });
  return { page, editor: new Editor(page) };
}

async function lookAndHelp(project: string, ann: Annotator, bob: Annotator): Promise<void> {
  await ann.page.goto(`${project}/correct`);
  await ann.editor.ready();
  await bob.page.goto(`${project}/correct`);
  await bob.editor.ready();
  const hers = await ann.editor.task();
  expect(await bob.editor.task()).not.toBe(hers);
  await bob.page.goto(`${project}/correct/${hers}`);
  await bob.editor.ready();
  await expect(bob.page.getByTestId('looking-on')).toContainText('has this picture in hand');
  await bob.editor.draw([40, 40, 50, 40]);
  await expect(bob.editor.instances('person')).toHaveCount(0);
  await bob.page.getByTestId('help-along').click();
  await expect(bob.page.getByTestId('looking-on')).toHaveCount(0);
  await bob.editor.draw([40, 40, 50, 40]);
  await expect(bob.editor.instances('person')).toHaveCount(1);
  await expect(ann.editor.instances('person'), 'she sees it').toHaveCount(1);
  await expect(ann.page.getByTestId('looking-on')).toHaveCount(0);
}

interface Pair {
  ann: string;
  bob: string;
  /** Which copy Ann has, who submits first. */
  first: number;
}

async function takePair(project: string, ann: Annotator, bob: Annotator): Promise<Pair> {
  // What was in hand or begun before stays with one person: both go on until they meet on an image.
  await bob.page.goto(project);
  await bob.page.goto(`${project}/correct`);
  await bob.editor.ready();
  for (let i = 0; i < 6; i++) {
    const [a, b] = [await taskOf(ann), await taskOf(bob)];
    if (a.blind && b.blind && a.imageId === b.imageId) return { ann: a.id, bob: b.id, first: a.copy };
    const behind = !a.blind ? ann : !b.blind ? bob : i % 2 ? ann : bob;
    await behind.editor.submit();
    await behind.editor.ready();
  }
  throw new Error('the two never met on an image');
}

async function taskOf({ page, editor }: Annotator): Promise<{ id: string; imageId: string; blind: boolean; copy: number }> {
  await editor.ready();
  const id = await editor.task();
  const dto: unknown = await page.evaluate(async (task) => { const answer: unknown = await (await fetch(`/api/v1/tasks/${task}`)).json(); return answer; }, id);
  if (typeof dto !== 'object' || dto === null || !('imageId' in dto) || !('blind' in dto) || !('copy' in dto)) throw new Error('the task cannot be read');
  return { id, imageId: String(dto.imageId), blind: dto.blind === true, copy: Number(dto.copy) };
}

async function staysBlind(project: string, ann: Annotator, bob: Annotator, pair: Pair): Promise<void> {
  for (const [who, other, own] of [[ann, pair.bob, pair.ann], [bob, pair.ann, pair.bob]] as const) {
    await who.page.goto(`${project}/correct/${other}`);
    await expect(who.page.getByTestId('load-error')).toContainText('without seeing each other');
    await who.page.goto(`${project}/correct/${own}`);
    await who.editor.ready();
    await expect(who.page.getByTestId('looking-on')).toHaveCount(0);
  }
}
