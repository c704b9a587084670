/**
 * Seconds until the last epoch ends, from the epochs so far (the first one warms up and is left out as soon as there is another).
 * null while no epoch has ended.
 */
export function secondsLeft(epochSeconds: readonly number[], epochs: number, shareOfPresent: number): number | null {
  const steady = epochSeconds.length > 1 ? epochSeconds.slice(1) : epochSeconds;
  if (steady.length === 0) return null;
  const recent = steady.slice(-5);
  const mean = recent.reduce((a, b) => a + b, 0) / recent.length;
  return Math.max(0, mean * (epochs - epochSeconds.length - Math.min(1, Math.max(0, shareOfPresent))));
}
