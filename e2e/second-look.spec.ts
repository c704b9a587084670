/** The model is held against labels that came with the import: one is said to be right and taken back, another is opened in the editor, corrected, and gone from the list. */
import { expect, test } from '@playwright/test';
import { startEmend, type Emend } from './harness/emend.ts';
import { picture } from './harness/picture.ts';
import { Editor } from './pages/editor.ts';
import { openDemo, projectUrl } from './pages/project.ts';

let emend: Emend | undefined;
test.beforeAll(async () => {
  test.setTimeout(180_000);
  emend = await startEmend({ env: { EMEND_DEMO: '24' } });
});
test.afterAll(async () => { await emend?.remove(); });

test('look, "the label is right", take back, open, correct', async ({ page }) => {
  test.setTimeout(240_000);
  await openDemo(page, emend?.url ?? '');
  await expect(page.getByTestId('loop-predict')).toHaveAttribute('data-state', 'done', { timeout: 180_000 });
  await page.getByTestId('tab-second-look').click();
  const total = async (): Promise<number> => Number(await page.getByTestId('kind-all').locator('.n').innerText());
  let before = 0;

  await test.step('the model predicts labelled images, and says what it is sure of', async () => {
    await page.getByTestId('look').click();
    await expect(page.getByTestId('finding-0')).toBeVisible({ timeout: 120_000 });
    await expect(page.getByTestId('look-panel')).toHaveCount(0, { timeout: 120_000 });
    before = await total();
    expect(before).toBeGreaterThan(1);
    // What was shown first, while images were still looked at, need not be the first of all.
    await page.goto(`${projectUrl(page)}/second-look`);
    await expect(page.getByTestId('finding-0')).toHaveAttribute('aria-current', 'true');
    await expect(page.getByTestId('finding')).toBeVisible();
    await picture(page, 'second-look');
  });

  await test.step('A says that it is right, Z takes that back', async () => {
    const id = await page.getByTestId('finding').getAttribute('data-finding-id');
    await page.keyboard.press('a');
    await expect(page.getByTestId('finding-told')).toContainText('Right:');
    await expect(page.getByTestId('finding')).not.toHaveAttribute('data-finding-id', id ?? '');
    await expect.poll(total).toBe(before - 1);
    await page.keyboard.press('z');
    await expect(page.getByTestId('finding')).toHaveAttribute('data-finding-id', id ?? '');
    await expect.poll(total).toBe(before);
  });

  await test.step('Enter opens the editor at the place; what is corrected there is gone from the list', async () => {
    await page.keyboard.press('j');
    await expect(page.getByTestId('finding-1')).toHaveAttribute('aria-current', 'true');
    const id = await page.getByTestId('finding').getAttribute('data-finding-id');
    await page.keyboard.press('Enter');
    const editor = new Editor(page);
    await editor.ready();
    await expect(page.getByTestId('finding-notice')).toBeVisible();
    // Every label of the picture goes, so that this one cannot stay.
    while ((await editor.instances('kept').count()) > 0) {
      await editor.instances('kept').first().click();
      await page.keyboard.press('Delete');
    }
    await editor.saved();
    await picture(page, 'second-look-editor');
    await page.waitForTimeout(400); // a picture that has only just appeared cannot be submitted
    await page.keyboard.press('Space');
    await expect(page.getByTestId('second-look-page')).toBeVisible({ timeout: 30_000 });
    await expect(page.getByTestId('finding')).toBeVisible({ timeout: 30_000 });
    await expect(page.getByTestId('finding')).not.toHaveAttribute('data-finding-id', id ?? '');
  });
});
