/**
 * The text form of run lengths in COCO: base 32 with a continuation bit, least digit first, shifted to the printable characters
 * '0'…'o'; from the third run on the difference to the run before the last is stored. Source: cocoapi maskApi.c, rleToString.
 */
const DIGIT = 0x1f;
const SIGN = 0x10;
const MORE = 0x20;
const SHIFT = 48;
/** Six digits of 5 bits hold every run of a mask that is read at all; more digits mean a damaged string. */
const MAX_DIGITS = 7;

function encodeOne(value: number): string {
  let rest = value;
  let text = '';
  for (;;) {
    const digit = rest & DIGIT;
    rest >>= 5;
    const more = digit & SIGN ? rest !== -1 : rest !== 0;
    text += String.fromCharCode((more ? digit | MORE : digit) + SHIFT);
    if (!more) return text;
  }
}

export function encodeCounts(runs: readonly number[]): string {
  const parts: string[] = [];
  for (const [i, run] of runs.entries()) parts.push(encodeOne(i > 2 ? run - (runs[i - 2] ?? 0) : run));
  return parts.join('');
}

/** @throws RangeError when the text holds a foreign character or ends within a number. */
export function decodeCounts(text: string): number[] {
  const runs: number[] = [];
  let position = 0;
  while (position < text.length) {
    let value = 0;
    let digits = 0;
    let more = true;
    while (more) {
      const code = text.charCodeAt(position++) - SHIFT;
      if (!(code >= 0 && code < 64) || digits >= MAX_DIGITS) throw new RangeError('The mask is damaged: its run lengths cannot be read.');
      value += (code & DIGIT) * 2 ** (5 * digits);
      more = (code & MORE) !== 0;
      digits += 1;
      if (!more && code & SIGN) value -= 2 ** (5 * digits);
    }
    runs.push(runs.length > 2 ? value + (runs[runs.length - 2] ?? 0) : value);
  }
  return runs;
}
