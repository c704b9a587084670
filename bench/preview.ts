/**
 * Masks a second while a box is being dragged: Spark in a real browser on the CPU, beside the same model in Node's ONNX Runtime on one thread in the same run.
 *
 *   npx vite build && node bench/preview.ts [--seconds 5]
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { chromium, type Page } from 'playwright-core';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { JobDto } from '#core/api/job.ts';
import { ARGS, findBrowser } from '../e2e/harness/browser.ts';
import { startEmend } from '../e2e/harness/emend.ts';
import { Editor } from '../e2e/pages/editor.ts';
import { openDemo, projectUrl } from '../e2e/pages/project.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '5' } } });
const ms = Number(values.seconds) * 1000;
const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

async function counted(page: Page): Promise<[count: number, ms: number, backend: string]> {
  const [count = '0', time = '0', backend = ''] = ((await page.locator('canvas[data-view]').getAttribute('data-previews')) ?? '').split(',');
  return [Number(count), Number(time), backend];
}

/** Moves without waiting for the answer of each, as a hand does. */
async function drag(page: Page, editor: Editor): Promise<{ perSecond: number; ms: number; backend: string }> {
  const from = await editor.at(60, 60);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y + 60);
  while ((await counted(page))[0] === 0) await page.waitForTimeout(50); // the model is loaded by the first question
  const [before] = await counted(page);
  const [began, times] = [performance.now(), [] as number[]];
  for (let i = 0; performance.now() - began < ms; i++) {
    await page.mouse.move(from.x + 80 + 60 * Math.sin(i / 7), from.y + 70 + 50 * Math.cos(i / 9));
    if (i % 10 === 0) times.push((await counted(page))[1]);
  }
  const [after, , backend] = await counted(page);
  const perSecond = ((after - before) * 1000) / (performance.now() - began);
  await page.keyboard.press('Escape');
  await page.mouse.up();
  return { perSecond, ms: median(times), backend };
}

/** The demo's first predictions would want the same cores. */
async function atRest(page: Page): Promise<void> {
  const project = new URL(projectUrl(page)).pathname.split('/').at(-1) ?? '';
  for (;;) {
    const answer = await page.request.get(`/api/v1/projects/${project}/jobs`);
    const jobs = answer.ok() ? Value.Parse(Type.Array(JobDto), await answer.json()) : [];
    if (jobs.length > 0 && jobs.every(({ state }) => state !== 'queued' && state !== 'running')) return;
    await page.waitForTimeout(500);
  }
}

async function native(): Promise<number> {
  const session = await InferenceSession.create(await readFile(join(import.meta.dirname, '../models/spark.onnx')), { intraOpNumThreads: 1, executionProviders: ['cpu'] });
  const input = new Tensor('float32', new Float32Array(7 * 128 * 128), [1, 7, 128, 128]);
  const times: number[] = [];
  for (let i = 0; i < 60; i++) {
    const began = performance.now();
    await session.run({ input });
    times.push(performance.now() - began);
  }
  return median(times.slice(10));
}

const emend = await startEmend({ env: { EMEND_DEMO: '12' } });
const { executablePath, env } = await findBrowser();
const browser = await chromium.launch({ executablePath, args: ARGS, env: { ...process.env, ...env } });
try {
  const page = await browser.newPage({ baseURL: emend.url.split('/').slice(0, 3).join('/'), viewport: { width: 1440, height: 900 } });
  await openDemo(page, emend.url);
  await atRest(page);
  await page.goto(`${projectUrl(page)}/correct`);
  const editor = new Editor(page);
  await editor.ready();
  const dragged = await drag(page, editor);
  console.table([
    { what: `browser, ${dragged.backend}, one thread: crop, network and texture`, 'ms a mask': dragged.ms.toFixed(1), 'masks/s while dragging': dragged.perSecond.toFixed(1) },
    { what: 'onnxruntime-node, one thread: the network alone', 'ms a mask': (await native()).toFixed(1), 'masks/s while dragging': '' },
  ]);
} finally {
  await browser.close();
  await emend.remove();
}
