/** A page's clock may be wrong by so much, in milliseconds, before its times are replaced by the server's. */
const CLOCK_MS = 60_000;

/**
 * When something was done, in milliseconds since 1970: by the page's word where that can be true (work without a connection may be days old), else now.
 * `since`: before that there was nothing to work on.
 */
export function plausible(at: number, since: number, now: number): number {
  return at > now + CLOCK_MS || at < since - CLOCK_MS ? now : at;
}
