/** A number 0…1 that is always the same for one image: the first 32 bits of its SHA-256. */
export function chanceOf(sha256: string): number {
  return Number.parseInt(sha256.slice(0, 8), 16) / 2 ** 32;
}
