/** A person's colour, the same on every screen: by their id, from hues that are told apart at 20 px. Dark text on it has contrast ≥ 7. */
const HUES = [162, 8, 292, 212, 42, 258, 96, 338, 190, 24];
export function faceColor(id: string): string {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973;
  return `hsl(${HUES[sum % HUES.length] ?? 212} 52% 78%)`;
}
