/** Without a connection: the work goes on, a submit is said to wait, and neither a closed tab nor a day loses it. */
import { expect, test } from '@playwright/test';
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

test('a submit without a connection reaches the server on the next visit', async ({ page, context }) => {
  test.setTimeout(300_000);
  await openDemo(page, emend?.url ?? '');
  await expect(page.getByTestId('loop-correct')).toContainText(/of \d+/, { timeout: 180_000 });
  await page.goto(`${projectUrl(page)}/correct`);
  const editor = new Editor(page);
  await editor.ready();
  const task = await editor.task();

  await context.setOffline(true);
  await expect(page.getByTestId('offline')).toBeVisible({ timeout: 60_000 });
  await editor.draw([30, 30, 60, 50]);
  const drawn = await editor.instances('person').count();
  await page.keyboard.press('Space');
  await expect(page.getByTestId('back-toast')).toContainText('when the connection is back');
  await expect(page.getByTestId('submits-wait')).toContainText('1 picture');
  await picture(page, 'offline');

  await test.step('it can be had back, still without a connection', async () => {
    await page.getByTestId('back').click();
    await expect.poll(() => editor.task()).toBe(task);
    await expect(editor.instances('person')).toHaveCount(drawn);
    await expect(page.getByTestId('submits-wait')).toHaveCount(0);
  });

  await page.waitForTimeout(400); // a picture that has only just appeared cannot be submitted
  await page.keyboard.press('Space');
  await expect(page.getByTestId('submits-wait')).toBeVisible();
  const address = projectUrl(page);
  await page.close();
  await context.setOffline(false);

  const later = await context.newPage();
  const state = async (): Promise<string> => {
    const answer = await later.request.get(new URL(`/api/v1/tasks/${task}`, address).href);
    return (await answer.json()).state;
  };
  await later.goto(address);
  expect(await state()).not.toBe('submitted');
  await later.goto(`${address}/correct`);
  await expect.poll(state, { timeout: 60_000 }).toBe('submitted');
  await expect(later.getByTestId('submits-wait')).toHaveCount(0);
});
