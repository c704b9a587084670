/** Numbers and times as people read them: thin spaces, units, British English. Pure, so that every screen and every file says the same. */
const THIN = '\u202f';

/** 1204 → "1 204". */
export function count(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
}

/** "1 image", "3 images". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A fraction as a score out of a hundred: 0.709 → "70.9"; null → "–". */
export function score(fraction: number | null | undefined, digits = 1): string {
  return fraction === null || fraction === undefined ? '–' : (fraction * 100).toFixed(digits);
}

/** 0.073 → "+7.3"; with a real minus sign. */
export function signed(fraction: number | null | undefined, digits = 1): string {
  if (fraction === null || fraction === undefined) return '–';
  const text = Math.abs(fraction * 100).toFixed(digits);
  if (Number(text) === 0) return `±${text}`;
  return fraction > 0 ? `+${text}` : `−${text}`;
}

/** Share of a whole in whole percent, with its unit. */
export function percent(part: number, whole: number): string {
  return whole <= 0 ? '–' : `${Math.round((part / whole) * 100)}${THIN}%`;
}

/** 190 → "3 min 10 s"; 3725 → "1 h 2 min"; 8.4 → "8 s". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 || minutes >= 10 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

/** A small time with one digit: 6.42 → "6.4 s". */
export function seconds(value: number | null): string {
  return value === null ? '–' : value >= 60 ? duration(value) : `${value.toFixed(1)} s`;
}
