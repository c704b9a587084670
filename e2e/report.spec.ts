/** The report of an iteration, in the browser and as a file that is opened without a server. */
import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { startEmend, type Emend } from './harness/emend.ts';
import { picture } from './harness/picture.ts';
import { Editor } from './pages/editor.ts';
import { openDemo, projectUrl } from './pages/project.ts';

let emend: Emend | undefined;
test.beforeAll(async () => {
  test.setTimeout(180_000);
  emend = await startEmend({ env: { EMEND_DEMO: '12' } });
});
test.afterAll(async () => { await emend?.remove(); });

test('the report grows while people work, and is read offline', async ({ page, browser }) => {
  test.setTimeout(300_000);
  await openDemo(page, emend?.url ?? '');
  await expect(page.getByTestId('loop-predict')).toHaveAttribute('data-state', 'done', { timeout: 180_000 });
  const project = projectUrl(page);

  await test.step('says what is missing before anything was done', async () => {
    await page.getByTestId('open-report').click();
    await expect(page.getByTestId('report-live')).toBeVisible();
    await expect(page.getByTestId('report-outcome')).toContainText('No model was trained in this iteration yet');
    await expect(page.getByTestId('report-verdict')).toHaveText('Too early to say');
    await expect(page.getByTestId('report-people')).toContainText('Nobody has submitted anything');
  });
  await test.step('counts what was corrected', async () => {
    await page.goto(`${project}/correct`);
    const editor = new Editor(page);
    await editor.ready();
    await editor.draw([30, 30, 60, 50]);
    await editor.saved();
    await editor.submit();
    await editor.ready();
    await page.goto(`${project}/report`);
    await expect(page.getByTestId('report-headline')).toContainText('1picture');
    await expect(page.getByTestId('report-people').getByRole('row')).toHaveCount(2);
    await expect(page.getByTestId('report-row-1')).toContainText('goes on');
    await picture(page, 'report');
  });
  await test.step('is one file that opens without the server', async () => {
    await page.getByTestId('report-download').click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('report-html').click()]);
    expect(download.suggestedFilename()).toMatch(/iteration-1\.html$/);
    const text = await readFile(await download.path(), 'utf8');
    expect(text).not.toContain('<script');
    const context = await browser.newContext({ offline: true });
    const reader = await context.newPage();
    const problems: string[] = [];
    reader.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()); });
    await reader.setContent(text);
    await expect(reader.getByRole('heading', { level: 1 })).toContainText('iteration 1');
    await expect(reader.getByText('No model was trained in this iteration yet')).toBeVisible();
    expect(problems, 'nothing was fetched and nothing refused').toEqual([]);
    await context.close();
  });
  await test.step('and one may choose not to be named in it', async () => {
    await page.goto(`${new URL(project).origin}/account`);
    await page.getByTestId('named-in-reports').click();
    await expect(page.getByTestId('named-in-reports')).toHaveAttribute('data-state', 'unchecked');
    await page.reload();
    await expect(page.getByTestId('named-in-reports')).toHaveAttribute('data-state', 'unchecked');
  });
});
