/** Loaded into the server's process before anything else: on SIGUSR2 it prints the longest gap of the event loop since the last time. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const gaps = monitorEventLoopDelay({ resolution: 5 });
gaps.enable();
process.on('SIGUSR2', () => {
  console.info(`\ngap ${(gaps.max / 1e6).toFixed(1)} ${(gaps.percentile(99) / 1e6).toFixed(1)} end`);
  gaps.reset();
});
