/** No edit that was called saved is lost, whatever dies: a few of the kills that `npm run bench:crash` does by the hundred. */
import { expect, test } from '@playwright/test';
import { crashTest } from './live/crash.ts';

test('kill -9 of the server and of PostgreSQL in the middle of edits', async () => {
  test.setTimeout(180_000);
  const found = await crashTest({ kills: 6, seed: 7 });
  expect(found.serverKills).toBeGreaterThan(2);
  expect(found.databaseKills).toBeGreaterThan(0);
  expect(found.saved).toBeGreaterThan(100);
  expect(found.lost).toBe(0);
});
