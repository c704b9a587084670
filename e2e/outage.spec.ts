/** The database stops or dies under two people, and a session ends in another tab: each page says how things stand, loses nothing, and ends in "saved". */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, type Browser, type Page } from '@playwright/test';
import { startEmend, type Emend } from './harness/emend.ts';
import { picture } from './harness/picture.ts';
import { Editor } from './pages/editor.ts';
import { openDemo, projectUrl } from './pages/project.ts';

const PASSWORD = 'correct horse battery';
/** Longer than a page waits for an answer, and than the server waits for a connection. */
const STOPPED_MS = 25_000;

let emend: Emend;
test.beforeAll(async () => {
  test.setTimeout(180_000);
  emend = await startEmend({ env: { EMEND_DEMO: '16' } });
});
test.afterAll(async () => {
  await signal('SIGCONT').catch(() => undefined);
  await emend.remove();
});

/** To PostgreSQL and all of its processes. */
async function signal(name: NodeJS.Signals): Promise<void> {
  const postmaster = (await readFile(join(emend.dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0] ?? '';
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const parent = /^PPid:\s*(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1];
    if (pid === postmaster || parent === postmaster) process.kill(Number(pid), name);
  }
}

async function colleague(admin: Page, browser: Browser, project: string): Promise<Page> {
  const link = await admin.evaluate(async (id) => {
    const answer = await fetch(`/api/v1/projects/${id}/members`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: 'bob@example.org', role: 'annotator' }) });
    const added: unknown = await answer.json();
    return typeof added === 'object' && added !== null && 'signInLink' in added ? String(added.signInLink) : '';
  }, project.split('/').at(-1) ?? '');
  const page = await (await browser.newContext({ viewport: { width: 1024, height: 768 }, colorScheme: 'light' })).newPage();
  await page.goto(link);
  await expect(page.getByTestId('project-card')).toBeVisible({ timeout: 60_000 });
  await page.evaluate((password) => fetch('/api/v1/me/password', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ password }) }), PASSWORD);
  return page;
}

test('nothing is lost while the database is away or the session has ended', async ({ page, browser }) => {
  await openDemo(page, emend.url);
  await expect(page.getByTestId('loop-predict')).toHaveAttribute('data-state', 'done', { timeout: 180_000 });
  const project = projectUrl(page);
  const bob = await colleague(page, browser, project);
  const [mine, his] = [new Editor(page), new Editor(bob)];
  await bob.goto(`${project}/correct`);
  await his.ready();
  await page.goto(bob.url());
  await mine.ready();
  await page.getByTestId('help-along').click();
  const saved = async (boxes: number): Promise<void> => {
    for (const editor of [mine, his]) {
      await expect(editor.page.getByTestId('save-state')).toHaveAttribute('data-state', 'saved', { timeout: 90_000 });
      await expect(editor.instances('person')).toHaveCount(boxes);
    }
  };

  await test.step('PostgreSQL stands still for 25 seconds while both draw', async () => {
    await signal('SIGSTOP');
    await his.draw([10, 10, 30, 30]);
    await mine.draw([60, 10, 30, 30]);
    const seen = new Set<string | null>();
    for (const until = Date.now() + STOPPED_MS; Date.now() < until; await page.waitForTimeout(500)) for (const editor of [mine, his]) seen.add(await editor.page.getByTestId('save-state').getAttribute('data-state'));
    expect([...seen]).not.toContain('failed');
    expect([...seen]).not.toContain('saved');
    await signal('SIGCONT');
    await saved(2);
  });

  await test.step('PostgreSQL is killed after a pause, then somebody draws', async () => {
    await page.waitForTimeout(4000); // permissions are not remembered any more
    await signal('SIGKILL');
    await his.draw([110, 10, 30, 30]);
    await saved(3);
  });

  await test.step('signed out in another tab: said plainly, the work is kept, and goes out after signing in again', async () => {
    const other = await bob.context().newPage();
    await other.goto(project);
    await other.getByTestId('account-menu').click();
    await other.getByTestId('sign-out').click();
    await expect(other.getByTestId('email')).toBeVisible();
    await expect(bob.getByTestId('signed-out')).toContainText('You are signed out', { timeout: 30_000 });
    await his.draw([10, 60, 30, 30]);
    await expect(bob.getByTestId('save-state')).toHaveAttribute('data-state', 'offline');
    await picture(bob, 'signed-out');
    await bob.waitForTimeout(400);
    await bob.keyboard.press('Space');
    await expect(bob.getByTestId('submits-wait')).toBeVisible({ timeout: 30_000 });
    await picture(bob, 'signed-out-submit');
    await bob.getByTestId('back').click();
    await expect(his.instances('person')).toHaveCount(4);
    await expect(mine.instances('person')).toHaveCount(3);
    await bob.getByTestId('sign-in-again').click();
    await bob.getByTestId('email').fill('bob@example.org');
    await bob.getByTestId('password').fill(PASSWORD);
    await bob.getByTestId('sign-in').click();
    await his.ready();
    await expect(bob.getByTestId('signed-out')).toHaveCount(0);
    await saved(4);
    await other.close();
  });

  await test.step('submitted by a colleague meanwhile: what is refused is saved as a file before the picture is opened anew', async () => {
    // The image is in Bob's hand: nobody else could submit it.
    await page.context().setOffline(true);
    await expect(page.getByTestId('save-state')).toHaveAttribute('data-state', 'offline', { timeout: 60_000 });
    await mine.draw([60, 60, 30, 30]);
    await his.submit();
    await expect(bob.getByTestId('submits-wait')).toHaveCount(0);
    await page.context().setOffline(false);
    await expect(page.getByTestId('room-closed')).toContainText('saves a copy of what it refused', { timeout: 60_000 });
    await picture(page, 'refused');
    const [copy] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Open anew' }).click()]);
    const { annotations } = JSON.parse(await readFile(await copy.path(), 'utf8'));
    expect(Object.keys(annotations)).toHaveLength(5);
    await mine.ready();
    await expect(mine.instances('person')).toHaveCount(4);
  });

  await test.step('somebody else signs in in the same browser: nothing goes out under another name', async () => {
    await bob.goto(`${project}/correct`);
    await his.ready();
    await page.goto(bob.url());
    await mine.ready();
    const before = await mine.instances('person').count();
    const cookies = await page.context().cookies();
    await bob.context().addCookies(cookies);
    await bob.context().setOffline(true);
    await expect(bob.getByTestId('save-state')).toHaveAttribute('data-state', 'offline', { timeout: 60_000 });
    await his.draw([60, 60, 30, 30]);
    await bob.context().setOffline(false);
    await expect(bob.getByTestId('signed-out')).toContainText('Somebody else has signed in', { timeout: 30_000 });
    await picture(bob, 'somebody-else');
    await expect(his.instances('person')).toHaveCount(before + 1);
    await expect(mine.instances('person')).toHaveCount(before);
  });
  await bob.context().close();
});
