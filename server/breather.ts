import { setImmediate as pause } from 'node:timers/promises';

/** Milliseconds of work after which everybody else has their turn. */
const AT_A_STRETCH = 8;

/** A pause for the rest of the server whenever enough work was done at a stretch: to be awaited between two pieces of work. */
export function breather(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < AT_A_STRETCH) return;
    await pause();
    since = performance.now();
  };
}
