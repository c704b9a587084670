/** Which images two people correct. */

/**
 * Whether an image belongs to the share (0…1) that is given to two people: the same answer on any machine, and a larger share holds all of a smaller one.
 * By the id alone, which is random: an image that moves to the next iteration unfinished keeps its lot.
 */
export function isOverlapped(imageId: string, share: number): boolean {
  return lotOf(imageId) < share;
}

/** 0…1, evenly spread: FNV-1a over the characters, finished with murmur3's mixing, since FNV alone leaves the high bits of short texts alike. */
export function lotOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
