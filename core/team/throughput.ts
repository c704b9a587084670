/** How fast a team is, and how long what is left will take. Pure. */

export const HOUR_MS = 3_600_000;
/** Fewer submits than this in the last hour say nothing of the pace. */
export const ENOUGH = 5;
/** A burst of a few images is no pace. */
const LEAST_SPAN_MS = 300_000;
/** After so long without a submit, the team is not at work, and the hour's mean would promise what nobody is doing. */
export const PAUSE_MS = 20 * 60_000;

export interface Throughput {
  /** null = unknown. */
  perHour: number | null;
  secondsLeft: number | null;
}

/** `times`: of submits, ms, in any order, older ones included; `left`: tasks still open. */
export function throughput(times: readonly number[], left: number, now: number): Throughput {
  const recent = times.filter((t) => t > now - HOUR_MS && t <= now);
  const [first, last] = [Math.min(...recent), Math.max(...recent)];
  if (recent.length < ENOUGH || now - last > PAUSE_MS) return { perHour: null, secondsLeft: left === 0 ? 0 : null };
  // Older submits show that the whole hour was worked; else it began with the first.
  const span = Math.max(LEAST_SPAN_MS, times.some((t) => t <= now - HOUR_MS && t > now - HOUR_MS - PAUSE_MS) ? HOUR_MS : now - first);
  const perHour = (recent.length / span) * HOUR_MS;
  return { perHour, secondsLeft: (left / perHour) * 3600 };
}
