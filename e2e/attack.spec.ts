/** Everything that an attacker may send to the socket is refused or cut off, and the two who work in that room do not notice. */
import { expect, test } from '@playwright/test';
import { besiege } from './live/siege.ts';
import { makeStage } from './live/stage.ts';

test('the attack corpus on a room in which two people work', async () => {
  test.setTimeout(180_000);
  const stage = await makeStage(3, 1);
  try {
    const outcomes = await besiege(stage);
    expect(outcomes.filter((outcome) => !outcome.asExpected).map(({ name, answer }) => `${name}: ${answer}`)).toEqual([]);
    expect(outcomes.reduce((sum, { refused }) => sum + refused, 0), 'refusals of those who did nothing wrong').toBe(0);
  } finally {
    await stage.emend.remove();
  }
});
