/** The demo's making is cut off in the middle and goes on at the next start, with nothing lost and nothing twice; meanwhile the server stays awake. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { testApp } from '../testing/harness.ts';
import { UploadArea } from '../features/imports/index.ts';
import { DEMO_PROJECT, ensureDemoProject } from './demoProject.ts';

const t = await testApp();
const COUNT = 18;

it('goes on where a stop of the server cut it off', { timeout: 120_000 }, async () => {
  let seen = 0;
  const first = ensureDemoProject(t.app, (_message, done) => { seen = Math.max(seen, done); }, { count: COUNT, models: '/nowhere' }).catch(() => 'cut off');
  await expect.poll(() => seen, { timeout: 60_000, interval: 20 }).toBeGreaterThan(2);
  await t.restart();
  await first;
  const area = new UploadArea(t.dataDir, `${DEMO_PROJECT}-import`);
  const kept = (await area.list()).files;
  expect(kept.length).toBeGreaterThan(1);

  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  await ensureDemoProject(t.app, undefined, { count: COUNT, models: '/nowhere' });
  delay.disable();
  expect(await t.db.image.count()).toBe(COUNT);
  expect(await t.db.import.findMany({ select: { state: true } })).toEqual([{ state: 'applied' }]);
  const jobs = await t.db.job.findMany({ where: { kind: 'demo' } });
  expect(jobs.at(-1)).toMatchObject({ projectId: DEMO_PROJECT, state: 'done', message: `${COUNT} demo images made` });
  console.info(`longest gap of the event loop while painting and importing: ${(delay.max / 1e6).toFixed(0)} ms, 99th percentile ${(delay.percentile(99) / 1e6).toFixed(0)} ms`);
});
