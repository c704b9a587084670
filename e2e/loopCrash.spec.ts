/** Whatever dies in the middle of the loop: no half version, no half model, one current model, and every run ends, goes on, or says why it failed. */
import { expect, test } from '@playwright/test';
import { loopCrashTest } from './live/loopCrash.ts';

test('kill -9 of server, PostgreSQL and trainer while a version is frozen, a model trained, measured and promoted', async () => {
  test.setTimeout(1_200_000);
  const found = await loopCrashTest({ rounds: 1, seed: 7 });
  expect(found.problems).toEqual([]);
  expect(found).toMatchObject({ kills: 12, versions: 3, promotions: 4, runs: 1 });
});
