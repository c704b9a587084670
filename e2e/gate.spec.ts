/** The gate in a browser: a model that is truly worse is held back, with the pictures that got worse; the decision is kept; and a roll back gives tasks their predictions again. */
import { expect, test, type Page } from '@playwright/test';
import { startEmend, type Emend } from './harness/emend.ts';
import { picture } from './harness/picture.ts';
import { Editor } from './pages/editor.ts';
import { openDemo, projectUrl } from './pages/project.ts';

let emend: Emend | undefined;
test.beforeAll(async () => {
  test.setTimeout(180_000);
  // Some eight of the pictures are for validation: enough to be sure of a ruin.
  emend = await startEmend({ env: { EMEND_DEMO: '40' } });
});
test.afterAll(async () => { await emend?.remove(); });

test('a worse model is held back; against the gate and back again', async ({ page }) => {
  test.setTimeout(1_800_000);
  await openDemo(page, emend?.url ?? '');
  await expect(page.getByTestId('loop-predict')).toHaveAttribute('data-state', 'done', { timeout: 600_000 });
  const task = await test.step('a task, and what the present model found in it', () => waitingTask(page));
  await test.step('freeze, and train with a learning rate that ruins the model', () => ruin(page));
  await test.step('it is held, and the pictures that got worse come first', () => lookAtHeld(page));
  await test.step('keeping the present model is recorded, and leads on', () => keep(page));
  await test.step('promoted all the same: what waits is predicted anew', async () => {
    await page.goto(`${projectUrl(page)}/models`);
    await decideOn(page, 'model-2', 'to see what it does');
    await expect.poll(() => setOf(page, task.id), { timeout: 300_000 }).not.toBe(task.set);
  });
  await test.step('rolled back: the task has its predictions again', async () => {
    await page.goto(`${projectUrl(page)}/models`);
    await expect(page.getByTestId('model-1').getByTestId('promote')).toHaveText('Roll back');
    await decideOn(page, 'model-1', 'it found nothing any more');
    await expect.poll(() => setOf(page, task.id), { timeout: 300_000 }).toBe(task.set);
    await page.goto(`${projectUrl(page)}/correct/${task.id}`);
    await new Editor(page).ready();
    await expect(new Editor(page).instances('kept')).toHaveCount(task.shown);
    await page.goto(projectUrl(page));
    await expect(page.locator('body')).toContainText('it found nothing any more');
  });
});

interface WaitingTask { id: string; set: string; shown: number }

/** One that nobody has opened: what somebody has in hand keeps its predictions while models change. */
async function waitingTask(page: Page): Promise<WaitingTask> {
  const project = /projects\/([^/]+)/.exec(page.url())?.[1] ?? '';
  const list = await (await page.request.get(new URL(`/api/v1/projects/${project}/tasks`, page.url()).href)).json();
  const pending = (Array.isArray(list) ? list : list.items).filter((t: { state: string }) => t.state === 'pending');
  const id: string = pending.at(-1).id;
  const { predictions, threshold, predictionSetId } = await read(page, id);
  const shown = predictions.filter((p: { score: number }) => p.score >= threshold).length;
  return { id, set: predictionSetId, shown };
}

async function read(page: Page, task: string): Promise<ReturnType<typeof JSON.parse>> {
  const answer = await page.request.get(new URL(`/api/v1/tasks/${task}`, page.url()).href);
  expect(answer.ok()).toBe(true);
  return answer.json();
}
const setOf = async (page: Page, task: string): Promise<string> => (await read(page, task)).predictionSetId;

async function ruin(page: Page): Promise<void> {
  await page.goto(`${projectUrl(page)}/versions?freeze=1`);
  await page.getByTestId('freeze-apply').click();
  await expect(page.getByTestId('version-1')).toBeVisible();
  await page.goto(`${projectUrl(page)}/training?new=1`);
  await page.getByTestId('preset-custom').click();
  for (const [field, value] of [['epochs', '1'], ['imgsz', '96'], ['batch', '2'], ['lr0', '0.3']] as const) {
    await page.getByTestId(`run-${field}`).fill(value);
    await page.getByTestId(`run-${field}`).press('Tab');
  }
  await page.getByTestId('run-start').click();
  await expect(page.getByTestId('gate-decision')).toBeVisible({ timeout: 600_000 });
}

async function lookAtHeld(page: Page): Promise<void> {
  await expect(page.getByTestId('gate-decision')).toHaveText('held back');
  await expect(page.getByTestId('gate-reason')).toContainText('Worse than the present model');
  await expect(page.getByTestId('class-all')).toContainText('…');
  const first = page.getByTestId('pictures').getByRole('listitem').first();
  await expect(first).toContainText('F1', { timeout: 60_000 });
  await expect(first).toContainText('missed');
  await expect(page.getByTestId('pictures-worse')).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByTestId('loop-promote')).toContainText('Decide on the new model');
  await picture(page, 'gate-held');
}

async function keep(page: Page): Promise<void> {
  await page.getByTestId('loop-next').click();
  await page.getByTestId('keep-present').click();
  await expect(page).toHaveURL(/\/correct/);
  await page.goto(projectUrl(page));
  await expect(page.locator('body')).toContainText('kept the present model instead of model 2');
  await expect(page.getByTestId('loop-promote')).not.toHaveAttribute('class', /\bnext\b/);
  await page.goto(`${projectUrl(page)}/training`);
  await expect(page.getByTestId('gate-decision')).toContainText('present model kept');
}

async function decideOn(page: Page, model: string, reason: string): Promise<void> {
  const panel = page.getByTestId(model);
  await panel.getByTestId('promote').click();
  await panel.getByTestId('promote-reason').fill(reason);
  await panel.getByTestId('promote-confirm').click();
  await expect(panel.getByTestId('model-current')).toBeVisible({ timeout: 30_000 });
}
