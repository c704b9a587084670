/** The steps of the loop that are more than one click: freeze, train, promote; and what the API says of a task meanwhile. */
import { expect, type Page } from '@playwright/test';
import { projectUrl } from './project.ts';

export async function freeze(page: Page, number: number): Promise<void> {
  await page.goto(`${projectUrl(page)}/versions?freeze=1`);
  await page.getByTestId('freeze-apply').click();
  await expect(page.getByTestId(`version-${number}`)).toBeVisible();
}

/** `run`: the number that it gets; `fields`: of the custom preset. Returns when the gate has spoken. */
export async function train(page: Page, run: number, fields: Readonly<Record<string, string>>): Promise<void> {
  await page.goto(`${projectUrl(page)}/training?new=1`);
  await page.getByTestId('preset-custom').click();
  for (const [field, value] of Object.entries(fields)) {
    await page.getByTestId(`run-${field}`).fill(value);
    await page.getByTestId(`run-${field}`).press('Tab');
  }
  await page.getByTestId('run-start').click();
  await expect(page.getByRole('heading', { name: `Run ${run}`, exact: true })).toBeVisible();
  await expect(page.getByTestId('log')).toContainText('Ultralytics', { timeout: 600_000 });
  await expect(page.getByTestId('gate-decision')).toBeVisible({ timeout: 600_000 });
}

/** On the Models page: a promotion, or a roll back, with its reason. */
export async function promote(page: Page, model: string, reason: string): Promise<void> {
  await page.goto(`${projectUrl(page)}/models`);
  const panel = page.getByTestId(model);
  await panel.getByTestId('promote').click();
  await panel.getByTestId('promote-reason').fill(reason);
  await panel.getByTestId('promote-confirm').click();
  await expect(panel.getByTestId('model-current')).toBeVisible({ timeout: 30_000 });
}

export interface WaitingTask {
  id: string;
  /** Its prediction set. */
  set: string;
  /** Predictions that a person is shown. */
  shown: number;
}

/** One that nobody has opened: what somebody has in hand keeps its predictions while models change. */
export async function waitingTask(page: Page): Promise<WaitingTask> {
  const project = /projects\/([^/]+)/.exec(page.url())?.[1] ?? '';
  const list = await (await page.request.get(new URL(`/api/v1/projects/${project}/tasks`, page.url()).href)).json();
  const pending = (Array.isArray(list) ? list : list.items).filter((t: { state: string }) => t.state === 'pending');
  const id: string = pending.at(-1).id;
  const { predictions, threshold, predictionSetId } = await read(page, id);
  const shown = predictions.filter((p: { score: number }) => p.score >= threshold).length;
  return { id, set: predictionSetId, shown };
}

export const setOf = async (page: Page, task: string): Promise<string> => (await read(page, task)).predictionSetId;

async function read(page: Page, task: string): Promise<ReturnType<typeof JSON.parse>> {
  const answer = await page.request.get(new URL(`/api/v1/tasks/${task}`, page.url()).href);
  expect(answer.ok()).toBe(true);
  return answer.json();
}
