/** HTML out of values that somebody else may have written. Pure. */
const MARK: unique symbol = Symbol('html');

/** A piece of HTML that is safe to put into another. Made by `html` only. */
export interface Html { readonly [MARK]: true; readonly text: string }
type Part = string | number | null | undefined | false | Html | readonly Html[];

/** Every value is escaped, unless it is HTML that was made by this same function: in text and in quoted attributes nothing else can get through. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { [MARK]: true, text: strings.map((s, i) => s + (i < parts.length ? textOf(parts[i]) : '')).join('') };
}

function textOf(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escape(part);
  return 'text' in part ? part.text : part.map((p) => p.text).join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' };

function escape(text: string): string {
  return text.replace(/[&<>"'`]/g, (c) => ENTITIES[c] ?? c);
}
