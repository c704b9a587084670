/** How people are told apart at a glance: a place in the list of colours, and two letters. Both are chosen once per project and person, and then kept. */

/** Length of the list of colours (client/ui/faceColor.ts). */
export const FACE_COLORS = 20;
const LONGEST = 2;

/** Somebody's colour in some project. */
export interface Worn {
  color: number;
  /** They belong to the project: nobody else there may have it while another is free. */
  member: boolean;
}

/**
 * The colour of a newcomer: one that no member has, if there is any; of those rather one that nobody who has left had, then one that the person has elsewhere (`own`), then
 * the one that the fewest wear, then the first.
 */
export function chooseColor(worn: readonly Worn[], own: readonly number[]): number {
  const count = (color: number, member: boolean): number => worn.filter((w) => w.color === color && w.member === member).length;
  const ranks = Array.from({ length: FACE_COLORS }, (_, color) => [count(color, true), count(color, false), own.includes(color) ? 0 : 1, color]);
  return ranks.reduce((best, rank) => (before(rank, best) ? rank : best)).at(-1) ?? 0;
}

function before(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}

/** Two capital letters for a name: of "Ann Kim" or "ann.kim" AK, of "vera" VE; where that is taken, V and a later letter, then V and a digit. The first choice where all are. */
export function chooseLetters(name: string, taken: ReadonlySet<string>): string {
  const words = wordsOf(name);
  const [first = '?'] = words[0] ?? [];
  const all = words.flat();
  const ends = words.length > 1 ? [words.at(-1)?.[0] ?? '', ...words.slice(1).flat(), ...all.slice(1)] : all.slice(1);
  const choices = [...ends, '2', '3', '4', '5', '6', '7', '8', '9'].map((end) => `${first}${end}`);
  const [best = first] = all.length < LONGEST ? [first, ...choices] : choices;
  return [best, ...choices].find((letters) => !taken.has(letters)) ?? best;
}

/** The words of a name, each as its letters in capitals. */
function wordsOf(name: string): string[][] {
  const words = name.toUpperCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  return words.map((word) => Array.from(word));
}
