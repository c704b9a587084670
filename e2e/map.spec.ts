/** The map: made, coloured, a lasso drawn, its images listed in the grid and handed out next; the same by keyboard from the lists. */
import { expect, test, type Page } from '@playwright/test';
import { startEmend, type Emend } from './harness/emend.ts';
import { picture } from './harness/picture.ts';
import { openDemo, projectUrl } from './pages/project.ts';

let emend: Emend | undefined;
test.beforeAll(async () => {
  test.setTimeout(180_000);
  emend = await startEmend({ env: { EMEND_DEMO: '40' } });
});
test.afterAll(async () => { await emend?.remove(); });

const canvas = (page: Page) => page.getByTestId('map-canvas');
const selected = async (page: Page): Promise<number> => Number.parseInt((await page.getByTestId('map-selected').textContent()) ?? '', 10);

/** Drags along the border of a part of the canvas, given in shares of its size. */
async function lasso(page: Page, [left, top, right, bottom]: [number, number, number, number]): Promise<void> {
  const box = await canvas(page).boundingBox();
  if (!box) throw new Error('the map has no place on the screen');
  const at = (x: number, y: number): [number, number] => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(left, top));
  await page.mouse.down();
  for (const [x, y] of [[right, top], [right, bottom], [left, bottom], [left, top]] as const) await page.mouse.move(...at(x, y), { steps: 6 });
  await page.mouse.up();
}

test('make the map, select on it, list and hand out', async ({ page }) => {
  await openDemo(page, emend?.url ?? '');
  await expect(page.getByTestId('loop-predict')).toHaveAttribute('data-state', 'done', { timeout: 180_000 });
  const project = projectUrl(page);

  await test.step('an empty map says what to do, and is made with one press', async () => {
    await page.getByTestId('tab-map').click();
    await page.getByTestId('map-make-first').click();
    await expect(canvas(page)).toBeVisible({ timeout: 120_000 });
    await expect(canvas(page).locator('canvas')).toHaveAttribute('data-points', '40', { timeout: 30_000 });
    await expect(page.getByTestId('map-legend')).toContainText('to correct');
  });

  await test.step('a lasso around everything selects everything; Alt takes away, Escape clears', async () => {
    await lasso(page, [0.01, 0.07, 0.99, 0.985]);
    expect(await selected(page)).toBe(40);
    await picture(page, 'map');
    await page.keyboard.down('Alt');
    await lasso(page, [0.01, 0.07, 0.5, 0.985]);
    await page.keyboard.up('Alt');
    const rest = await selected(page);
    expect(rest).toBeGreaterThan(0);
    expect(rest).toBeLessThan(40);
    await canvas(page).press('Escape');
    await expect(page.getByTestId('map-places')).toBeVisible();
  });

  await test.step('colours say what they mean; the legend selects, by keyboard too', async () => {
    await page.getByTestId('map-by').click();
    await page.getByTestId('map-by-split').click();
    await expect(page).toHaveURL(/by=split/);
    await page.getByTestId('map-legend').getByRole('button', { name: 'valid' }).press('Enter');
    expect(await selected(page)).toBeGreaterThan(0);
    await page.getByTestId('map-clear').click();
    await page.getByTestId('map-by').click();
    await page.getByTestId('map-by-status').click();
    await page.getByTestId('map-legend').getByRole('button', { name: 'to correct' }).press('Enter');
  });

  const chosen = await selected(page);
  await test.step('what is selected is handed out next, and can go back', async () => {
    await page.getByTestId('map-front').click();
    await expect(page.getByTestId('map-back')).toContainText(String(chosen));
    await page.getByTestId('map-back').click();
    await expect(page.getByTestId('map-back')).toHaveCount(0);
    await page.getByTestId('map-front').click();
    await expect(page.getByTestId('map-back')).toContainText(String(chosen));
  });

  await test.step('and is listed in the grid, under an address that stays', async () => {
    await page.getByTestId('map-list').click();
    await expect(page).toHaveURL(/images\?pick=/);
    await expect(page.getByTestId('image-total')).toContainText(`${chosen} found`);
    await page.reload();
    await expect(page.getByTestId('image-total')).toContainText(`${chosen} found`);
    await page.getByTestId('filter-pick').click();
    await expect(page.getByTestId('image-total')).toHaveText('40');
  });

  await test.step('the queue says who put an image in front', async () => {
    const tasks: { reason: string }[] = await (await page.request.get(new URL(`/api/v1/projects/${project.split('/').at(-1) ?? ''}/tasks?state=pending`, project).href)).json();
    expect(tasks[0]?.reason).toMatch(/^put in front by /);
  });

  await test.step('a press on an image opens it beside the map', async () => {
    await page.goto(`${project}/map`);
    const map = canvas(page);
    await expect(map.locator('canvas')).toHaveAttribute('data-points', '40');
    const box = await map.boundingBox();
    if (!box) throw new Error('the map has no place on the screen');
    // Wherever the points lie: some place of a fine net is on one.
    await expect(async () => {
      for (let y = 0.15; y < 0.9 && !(await page.getByTestId('map-hover').isVisible()); y += 0.04) {
        for (let x = 0.1; x < 0.9; x += 0.02) {
          await page.mouse.move(box.x + x * box.width, box.y + y * box.height);
          if (await page.getByTestId('map-hover').isVisible()) break;
        }
      }
      await expect(page.getByTestId('map-hover')).toBeVisible({ timeout: 1000 });
    }).toPass({ timeout: 60_000 });
    await page.mouse.down();
    await page.mouse.up();
    await expect(page.getByTestId('image-drawer')).toBeVisible();
    await expect(page).toHaveURL(/image=/);
  });
});
