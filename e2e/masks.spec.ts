/** Masks by hand and by clicks: points, outline, brush and eraser, tight box; a colleague sees every result. */
import { expect, test, type Page } from '@playwright/test';
import type { Box } from '../core/geometry/box.ts';
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

interface Found { class: number; score: number; box: Box }

/** What the model found in the open picture, larger first. */
async function found(page: Page, editor: Editor): Promise<Found[]> {
  const task: { predictions: Found[] } = await (await page.request.get(new URL(`/api/v1/tasks/${await editor.task()}`, page.url()).href)).json();
  return task.predictions.filter((p) => p.class === 1 && p.score > 0.25).toSorted((a, b) => b.box[2] * b.box[3] - a.box[2] * a.box[3]);
}
const panel = (page: Page) => page.getByTestId('selected-panel');
const tool = (page: Page, name: string) => expect(page.getByTestId(`tool-${name}`)).toHaveAttribute('aria-checked', 'true');

test('a mask is mended by clicks, drawn by hand and painted, and everybody sees it', async ({ page, context }) => {
  test.setTimeout(240_000);
  await openDemo(page, emend?.url ?? '');
  await expect(page.getByTestId('loop-correct')).toContainText(/of \d+/, { timeout: 180_000 });
  await page.goto(`${projectUrl(page)}/correct`);
  const editor = new Editor(page);
  await editor.ready();
  const colleague = await context.newPage();
  await colleague.goto(page.url());
  const other = new Editor(colleague);
  await other.ready();
  await page.bringToFront();
  const [first] = await found(page, editor);
  const [x, y, w, h] = first?.box ?? [60, 60, 100, 80];

  // Points: on a prediction, and beside it by a right click; the prediction becomes an annotation with a new mask.
  await page.keyboard.press('p');
  await tool(page, 'points');
  await editor.click(x + w / 2, y + h / 2);
  await expect(editor.instances('person')).toHaveCount(1);
  const corner = await editor.at(x + w * 0.04, y + h * 0.04);
  await page.mouse.click(corner.x, corner.y, { button: 'right' });
  await expect(page.locator('[data-mark="plus"]')).toHaveCount(1);
  await expect(page.locator('[data-mark="minus"]')).toHaveCount(1);
  await expect(panel(page)).toContainText('mask: Spark', { timeout: 30_000 });
  await expect(other.instances('person')).toHaveCount(1);
  await picture(page, 'points');
  // A click on a mark takes it away; undo brings it back.
  await page.mouse.click(corner.x, corner.y, { button: 'right' });
  await expect(page.locator('[data-mark="minus"]')).toHaveCount(0);
  await page.keyboard.press('z');
  await expect(page.locator('[data-mark="minus"]')).toHaveCount(1);

  // Tight box: one key, and one undo.
  await expect(page.getByTestId('tighten')).toBeVisible();
  const size = panel(page).locator('header .mono');
  const rough = await size.textContent();
  await page.keyboard.press('t');
  await expect(page.getByTestId('tighten')).toHaveCount(0);
  await page.keyboard.press('z');
  await expect(size).toHaveText(rough ?? '');
  await page.keyboard.press('Escape');

  // Another of the masks: Spark has one for a box, and says so.
  await page.keyboard.press('Escape');
  await page.keyboard.press('v');
  await editor.instances('person').first().click();
  await page.keyboard.press('x');
  await expect(page.getByText('gives one mask here').or(page.getByTestId('candidates')).first()).toBeVisible();
  await page.keyboard.press('Escape');

  // An outline by hand: three corners, one taken back, a fourth, Enter.
  const free: [number, number] = [20, 20];
  await page.keyboard.press('g');
  await tool(page, 'polygon');
  for (const [dx, dy] of [[0, 0], [80, 5], [300, 300]] as const) await editor.click(free[0] + dx, free[1] + dy);
  await page.keyboard.press('Backspace');
  await editor.click(free[0] + 70, free[1] + 60);
  await picture(page, 'outline');
  await page.keyboard.press('Enter');
  await expect(panel(page)).toContainText('outline by hand');
  await expect(size).toHaveText(/^(79|80|81) × (59|60|61) px$/);

  // The brush paints onto it, Alt erases, and each stroke is one step of undo.
  await page.keyboard.press('r');
  await tool(page, 'brush');
  const [from, to] = [await editor.at(free[0] + 60, free[1] + 50), await editor.at(free[0] + 110, free[1] + 50)];
  const stroke = async (): Promise<void> => {
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 8 });
  };
  await stroke();
  await picture(page, 'brush');
  await page.mouse.up();
  await expect(size).not.toHaveText(/^(79|80|81) ×/);
  const painted = await size.textContent();
  await page.keyboard.down('Alt');
  await stroke();
  await page.mouse.up();
  await page.keyboard.up('Alt');
  await expect(size).not.toHaveText(painted ?? '');
  await page.keyboard.press('z');
  await expect(size).toHaveText(painted ?? '');

  await expect(other.instances('person')).toHaveCount(2);
  await colleague.bringToFront();
  await other.instances('person').last().click();
  await expect(panel(colleague)).toContainText('outline by hand');
  await expect(panel(colleague).locator('header .mono')).toHaveText(painted ?? '');
  await picture(colleague, 'masks-colleague');
  await page.bringToFront();
  await editor.saved();
});
