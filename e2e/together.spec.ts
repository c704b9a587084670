/** Two people on one image: they see each other's hand, follow, settle a duplicate; a tab is closed without a connection; the server dies under them; a viewer cannot edit. */
import { io } from 'socket.io-client';
import * as Y from 'yjs';
import { expect, test, type Browser, type Page } from '@playwright/test';
import { drawBox } from '#core/annotation/doc.ts';
import { PROTOCOL_VERSION } from '#core/protocol.ts';
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

interface Seat {
  page: Page;
  editor: Editor;
}

test('two people on one image', async ({ page, browser }) => {
  await openDemo(page, emend?.url ?? '');
  await expect(page.getByTestId('loop-predict')).toHaveAttribute('data-state', 'done', { timeout: 180_000 });
  const project = projectUrl(page);
  const ann: Seat = { page, editor: new Editor(page) };
  const bob = await member(page, browser, project, 'bob@example.org', 'annotator');
  const address = await test.step('both open one image; the second by choice', () => meet(project, ann, bob));

  await test.step('each sees the other: cursor, name and the box in the making', async () => {
    const [from, to] = [await bob.editor.at(60, 60), await bob.editor.at(140, 120)];
    await bob.page.mouse.move(from.x, from.y);
    await bob.page.mouse.down();
    await bob.page.mouse.move(to.x, to.y, { steps: 8 });
    await expect(page.locator('.peer')).toContainText('bob');
    await picture(page, 'together');
    await bob.page.mouse.up();
    await expect(ann.editor.instances('person')).toHaveCount(1);
  });
  await test.step('a click on a face follows that person\'s view, until Esc', () => follow(ann, bob));
  await test.step('two boxes for one prediction both stay, until one key settles it', () => settleDuplicate(ann, bob));
  await test.step('edits without a connection survive a closed tab', () => offline(address, ann, bob));
  await test.step('the server is killed; nothing acknowledged is lost and both go on', () => crash(ann, bob));
  await test.step('a viewer sees it all and changes nothing', () => viewer(browser, project, address, ann));
  await bob.page.context().close();
});

async function member(admin: Page, browser: Browser, project: string, email: string, role: string): Promise<Seat> {
  const link = await admin.evaluate(async ([id, mail, as]) => {
    const answer = await fetch(`/api/v1/projects/${id}/members`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: mail, role: as }) });
    const added: unknown = await answer.json();
    return typeof added === 'object' && added !== null && 'signInLink' in added ? String(added.signInLink) : '';
  }, [project.split('/').at(-1) ?? '', email, role] as const);
  const page = await (await browser.newContext({ viewport: { width: 1024, height: 768 }, colorScheme: 'dark' })).newPage();
  await page.goto(link);
  await expect(page.getByTestId('project-card')).toBeVisible({ timeout: 30_000 });
  return { page, editor: new Editor(page) };
}

async function meet(project: string, ann: Seat, bob: Seat): Promise<string> {
  await ann.page.goto(`${project}/correct`);
  await ann.editor.ready();
  const address = `${project}/correct/${await ann.editor.task()}`;
  await bob.page.goto(address);
  await bob.editor.ready();
  await bob.page.getByTestId('help-along').click();
  await expect(bob.page.getByTestId('looking-on')).toHaveCount(0);
  return address;
}

const centreOf = async ({ editor }: Seat): Promise<number[]> => ((await editor.canvas.getAttribute('data-view')) ?? '').split(',').map(Number);

async function follow(ann: Seat, bob: Seat): Promise<void> {
  await ann.page.getByTestId('face').click();
  await expect(ann.page.getByTestId('following')).toContainText('Following bob');
  const at = await bob.editor.at(60, 60);
  await bob.page.mouse.move(at.x, at.y);
  await bob.page.mouse.wheel(0, -600);
  await expect.poll(async () => {
    const [ax = 0, ay = 0] = await centreOf(ann);
    const [bx = 0, by = 0] = await centreOf(bob);
    return Math.hypot(ax - bx, ay - by);
  }).toBeLessThan(1);
  await ann.page.keyboard.press('Escape');
  await expect(ann.page.getByTestId('following')).toHaveCount(0);
  for (const seat of [ann, bob]) await seat.page.keyboard.press('0');
}

/** Both replace the same prediction while one of them has no connection. */
async function settleDuplicate(ann: Seat, bob: Seat): Promise<void> {
  const before = await ann.editor.instances('person').count();
  await bob.page.context().setOffline(true);
  await expect(bob.page.getByTestId('save-state')).toHaveAttribute('data-state', 'offline', { timeout: 60_000 });
  for (const { page, editor } of [ann, bob]) {
    const id = await editor.instances('kept').first().getAttribute('data-id');
    await page.locator(`[data-id="${id ?? ''}"]`).click();
    await page.keyboard.press(page === ann.page ? '2' : '3');
    await page.keyboard.press(page === ann.page ? '1' : '2');
  }
  await bob.page.context().setOffline(false);
  await bob.editor.saved();
  await expect(ann.editor.instances('person')).toHaveCount(before + 2);
  await expect(ann.page.getByTestId('keep-duplicate')).toBeVisible();
  await ann.page.keyboard.press('k');
  for (const { editor } of [ann, bob]) await expect(editor.instances('person')).toHaveCount(before + 1);
  await ann.page.keyboard.press('z');
  await expect(bob.editor.instances('person')).toHaveCount(before + 2);
  await ann.page.keyboard.press('Shift+z');
  await expect(bob.editor.instances('person')).toHaveCount(before + 1);
}

async function offline(address: string, ann: Seat, bob: Seat): Promise<void> {
  const before = await ann.editor.instances('person').count();
  const context = bob.page.context();
  await context.setOffline(true);
  await expect(bob.page.getByTestId('save-state')).toHaveAttribute('data-state', 'offline', { timeout: 60_000 });
  await bob.editor.draw([10, 10, 30, 30]);
  await expect(bob.editor.instances('person')).toHaveCount(before + 1);
  await ann.editor.draw([200, 10, 30, 30]);
  await ann.editor.saved();
  await bob.page.waitForTimeout(300);
  await bob.page.close();
  await context.setOffline(false);
  bob.page = await context.newPage();
  bob.editor = new Editor(bob.page);
  await bob.page.goto(address);
  await bob.editor.ready();
  for (const { editor } of [ann, bob]) await expect(editor.instances('person')).toHaveCount(before + 2);
}

async function crash(ann: Seat, bob: Seat): Promise<void> {
  const before = await ann.editor.instances('person').count();
  await ann.editor.draw([250, 60, 40, 30]);
  await ann.editor.saved();
  await emend?.kill();
  await expect(ann.page.getByTestId('save-state')).toHaveAttribute('data-state', 'offline');
  await ann.editor.draw([250, 120, 40, 30]);
  await emend?.restart();
  await ann.editor.saved();
  await bob.editor.saved();
  await ann.editor.draw([250, 180, 40, 30]);
  await ann.editor.saved();
  for (const { editor } of [ann, bob]) await expect(editor.instances('person')).toHaveCount(before + 3);
}

async function viewer(browser: Browser, project: string, address: string, ann: Seat): Promise<void> {
  const eve = await member(ann.page, browser, project, 'eve@example.org', 'viewer');
  await eve.page.goto(address);
  await eve.editor.ready();
  const before = await ann.editor.instances('person').count();
  await expect(eve.editor.instances('person')).toHaveCount(before);
  await eve.editor.draw([20, 150, 60, 40]);
  await eve.editor.instances('kept').first().click();
  for (const key of ['e', '1', 'k', 'Delete', 'Space']) await eve.page.keyboard.press(key);
  expect(await rawEdit(eve, address)).toBe('forbidden');
  await ann.editor.saved();
  for (const { editor } of [ann, eve]) {
    await expect(editor.instances('person')).toHaveCount(before);
    await expect(editor.instances('rejected')).toHaveCount(0);
  }
  await eve.page.context().close();
}

/** An edit past the page, by a socket that has the viewer's session; answers with the code of the refusal. */
async function rawEdit({ page }: Seat, address: string): Promise<string> {
  const { origin } = new URL(address);
  const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const socket = io(origin, { transports: ['websocket'], extraHeaders: { cookie, origin } });
  try {
    const task = address.split('/').at(-1) ?? '';
    const joined: unknown = await socket.timeout(10_000).emitWithAck('room:join', { task, protocol: PROTOCOL_VERSION, client: 'raw', stateVector: new Uint8Array([0]) });
    expect(joined).toMatchObject({ ok: true, readOnly: true });
    const doc = new Y.Doc();
    drawBox(doc, { origin: { kind: 'remote' }, user: 'eve', now: Date.now() }, { predictions: [], threshold: 0 }, 'raw', [5, 5, 20, 20], 0);
    const answer: unknown = await socket.timeout(10_000).emitWithAck('room:update', { task, update: Y.encodeStateAsUpdate(doc) });
    expect(answer).toMatchObject({ ok: false });
    return typeof answer === 'object' && answer !== null && 'problem' in answer && typeof answer.problem === 'object' && answer.problem !== null && 'code' in answer.problem ? String(answer.problem.code) : '';
  } finally {
    socket.disconnect();
  }
}
