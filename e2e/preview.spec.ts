/** The mask follows the hand: Spark in this browser, also for a colleague's box, and nothing jumps when the server's mask comes. */
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

/** How many masks this page has made by itself, and where. */
async function previews(page: Page): Promise<{ count: number; backend: string }> {
  const [count = '0', , backend = ''] = ((await page.locator('canvas[data-view]').getAttribute('data-previews')) ?? '').split(',');
  return { count: Number(count), backend };
}

/** While a box is made only the part around it is drawn again: what is seen is what drawing everything shows. */
async function drawnAsIfAnew(page: Page): Promise<void> {
  const canvas = page.locator('canvas[data-view]');
  await page.waitForTimeout(500);
  const partly = await canvas.screenshot();
  for (let i = 0; i < 2; i++) {
    await page.keyboard.press('a');
    await page.waitForTimeout(500);
  }
  expect(partly.equals(await canvas.screenshot())).toBe(true);
}

test('the mask follows the pointer, here and at a colleague', async ({ page, context }) => {
  test.setTimeout(300_000);
  await openDemo(page, emend?.url ?? '');
  await expect(page.getByTestId('loop-correct')).toContainText(/of \d+/, { timeout: 180_000 });
  await page.goto(`${projectUrl(page)}/correct`);
  const editor = new Editor(page);
  await editor.ready();
  const colleague = await context.newPage();
  await colleague.goto(page.url());
  await new Editor(colleague).ready();

  // Around something that is there, a little wider: the largest void that the model sees, if it sees any.
  const task = await (await page.request.get(new URL(`/api/v1/tasks/${await editor.task()}`, page.url()).href)).json();
  const voids: { class: number; score: number; box: [number, number, number, number] }[] = task.predictions.filter((p: { class: number; score: number }) => p.class === 1 && p.score > 0.25);
  const [x, y, w, h] = voids.toSorted((a, b) => b.box[2] * b.box[3] - a.box[2] * a.box[3])[0]?.box ?? [60, 60, 100, 80];
  const from = await editor.at(x - w * 0.06, y - h * 0.06);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  for (let i = 1; i <= 12; i++) {
    const to = await editor.at(x + (w * 1.06 * i) / 12, y + (h * 1.06 * i) / 12);
    await page.mouse.move(to.x, to.y);
    await page.waitForTimeout(40);
  }
  await expect.poll(async () => (await previews(page)).count).toBeGreaterThan(1);
  expect((await previews(page)).backend).toMatch(/wasm|webgpu/);
  await expect.poll(async () => (await previews(colleague)).count).toBeGreaterThan(0);
  await picture(page, 'preview');
  await picture(colleague, 'preview-colleague');
  await page.mouse.up();
  await expect(page.getByTestId('selected-panel')).toContainText('Spark', { timeout: 30_000 });

  // Escape takes the box back, and nothing of its mask stays or is stored.
  const before = await editor.instances('person').count();
  const at = await editor.at(200, 40);
  await page.mouse.move(at.x, at.y);
  await page.mouse.down();
  await page.mouse.move(at.x + 80, at.y + 70, { steps: 5 });
  await page.keyboard.press('Escape');
  await page.mouse.up();
  await expect(editor.instances('person')).toHaveCount(before);
  await drawnAsIfAnew(page);
  await picture(page, 'preview-after');
});
