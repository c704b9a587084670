/** Sorted-sample percentiles of milliseconds. */
export function percentiles(times: readonly number[]): { n: number; p50: number; p95: number; p99: number; most: number } {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { n: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) };
}

export function inMs(times: readonly number[]): { n: number; p50: string; p95: string; p99: string; most: string } {
  const { n, p50, p95, p99, most } = percentiles(times);
  return { n, p50: p50.toFixed(1), p95: p95.toFixed(1), p99: p99.toFixed(1), most: most.toFixed(1) };
}
