/** Numbers and times as people read them. Those that files say too are in core. Pure. */
import { count } from '#core/words.ts';
export { count, counted, duration, percent, score, seconds, signed } from '#core/words.ts';

/** How far a team is, the same on every screen: what was submitted is corrected, what was skipped is said beside it. */
export function correctedWords(submitted: number, images: number): string {
  return `${count(submitted)} of ${count(images)} corrected`;
}
export function skippedWords(skipped: number): string {
  return `${count(skipped)} skipped`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];
export function bytes(value: number): string {
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) { size /= 1000; unit += 1; }
  return `${size < 10 && unit > 1 ? size.toFixed(1) : Math.round(size).toString()} ${UNITS[unit] ?? 'B'}`;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** How long ago, short: "now", "8 min", "3 h", "Thu", "12 Mar", "12 Mar 2025". */
export function ago(iso: string, now: number): string {
  const then = new Date(iso);
  const minutes = Math.floor((now - then.getTime()) / 60_000);
  if (minutes < 1) return 'now';
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h`;
  if (minutes < 6 * 24 * 60) return DAYS[then.getDay()] ?? '';
  const day = `${then.getDate()} ${MONTHS[then.getMonth()] ?? ''}`;
  return then.getFullYear() === new Date(now).getFullYear() ? day : `${day} ${then.getFullYear()}`;
}

/** "23 Nov 2026, 19:20" in the reader's time zone. */
export function moment(iso: string): string {
  const d = new Date(iso);
  return `${d.getDate()} ${MONTHS[d.getMonth()] ?? ''} ${d.getFullYear()}, ${d.toTimeString().slice(0, 5)}`;
}

/** The last part of a path: imported folders give long names, and their ends tell images apart. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1) || path;
}
