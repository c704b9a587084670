/** A submit that comes late: meanwhile a colleague has taken the picture. It stays in the colleague's hands, and nobody's boxes are lost. */
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

test('a submit that waited is refused while a colleague has the picture in hand', async ({ page, browser }) => {
  await openDemo(page, emend?.url ?? '');
  await expect(page.getByTestId('loop-correct')).toContainText(/of \d+/, { timeout: 180_000 });
  const project = projectUrl(page);
  const [ann, bob] = [new Editor(page), await member(page, browser, project, 'bob@example.org')];
  await page.goto(`${project}/correct`);
  await ann.ready();
  const task = await ann.task();
  const stateOf = async (): Promise<string> => (await (await page.request.get(new URL(`/api/v1/tasks/${task}`, project).href)).json()).state;

  await test.step('her submit does not get through, and she goes', async () => {
    await page.route('**/submit', (route) => route.abort());
    await ann.draw([30, 30, 60, 50]);
    await ann.saved();
    await page.waitForTimeout(400); // a picture that has only just appeared cannot be submitted
    await page.keyboard.press('Space');
    await expect(page.getByTestId('submits-wait')).toBeVisible();
    await page.getByTestId('crumb-project').click();
    await expect.poll(stateOf, { timeout: 90_000 }).toBe('pending');
  });
  await test.step('he takes the picture and draws', async () => {
    await bob.page.goto(`${project}/correct/${task}`);
    await bob.ready();
    await expect(bob.page.getByTestId('looking-on')).toHaveCount(0);
    await bob.draw([150, 120, 50, 40]);
    await bob.saved();
    await expect(bob.instances('person')).toHaveCount(2);
  });
  await test.step('she comes back: she is told once, and his picture stays open with the boxes of both', async () => {
    await page.unroute('**/submit');
    await page.goto(`${project}/correct`);
    await expect(page.getByTestId('submit-failed')).toContainText(/has this image in hand now\. Your boxes are saved in it; .+ submits them\./, { timeout: 60_000 });
    await expect(page.getByTestId('submits-wait')).toHaveCount(0);
    await picture(page, 'late-submit');
    expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => /^emend:(outbox|unsent):/.test(key)))).toEqual([]);
    await page.reload();
    await ann.ready();
    await expect(page.getByTestId('submit-failed')).toHaveCount(0);
    await expect(bob.page.getByTestId('room-closed')).toHaveCount(0);
    await expect(bob.instances('person')).toHaveCount(2);
    expect(await stateOf()).toBe('assigned');
    await bob.submit();
    await expect.poll(stateOf).toBe('submitted');
  });
  await bob.page.context().close();
});

/** A new member who signs in with the link that the administrator got. */
async function member(admin: Page, browser: Browser, project: string, email: string): Promise<Editor> {
  const answer = await admin.request.post(new URL(`/api/v1/projects/${project.split('/').at(-1) ?? ''}/members`, project).href, { data: { email, role: 'annotator' }, headers: { origin: new URL(project).origin } });
  const { signInLink } = await answer.json();
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' })).newPage();
  await page.goto(String(signInLink));
  await expect(page.getByTestId('project-card')).toBeVisible({ timeout: 30_000 });
  return new Editor(page);
}
