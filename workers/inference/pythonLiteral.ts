/**
 * Reads a Python literal (`{0: 'chip', 1: "die's edge"}`, `[640, 640]`, `True`): the form in which Ultralytics writes class names and
 * sizes into a model's metadata. A parser of its own, because evaluating text from an uploaded file would run it.
 */
export type PythonValue = string | number | boolean | null | readonly PythonValue[] | ReadonlyMap<string | number, PythonValue>;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"', '0': '\0' };
const WORDS: ReadonlyMap<string, PythonValue> = new Map<string, PythonValue>([['True', true], ['False', false], ['None', null]]);
const MAX_DEPTH = 20;

/** @throws RangeError with the position, when the text is not a literal of numbers, strings, booleans, None, lists, tuples and dicts. */
export function parsePythonLiteral(text: string): PythonValue {
  const reader = new LiteralReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class LiteralReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): PythonValue {
    if (depth > MAX_DEPTH) throw this.#error('nested too deeply');
    this.#space();
    const next = this.#text[this.#at];
    if (next === '{') return this.#dict(depth);
    if (next === '[') return this.#list(']', depth);
    if (next === '(') return this.#list(')', depth);
    if (next === "'" || next === '"') return this.#string(next);
    return this.#wordOrNumber();
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw this.#error('text after the end');
  }

  #dict(depth: number): PythonValue {
    const entries = new Map<string | number, PythonValue>();
    this.#at += 1;
    while (!this.#take('}')) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string' && typeof key !== 'number') throw this.#error('a key that is neither text nor number');
      this.#expect(':');
      entries.set(key, this.value(depth + 1));
      if (!this.#take(',')) {
        this.#expect('}');
        break;
      }
    }
    return entries;
  }

  #list(close: string, depth: number): PythonValue {
    const items: PythonValue[] = [];
    this.#at += 1;
    while (!this.#take(close)) {
      items.push(this.value(depth + 1));
      if (!this.#take(',')) {
        this.#expect(close);
        break;
      }
    }
    return items;
  }

  #string(quote: string): string {
    let out = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at] ?? '';
      if (char === quote) {
        this.#at += 1;
        return out;
      }
      out += char === '\\' ? this.#escape() : char;
    }
    throw this.#error('a string without an end');
  }

  /** Stands on the backslash; leaves the position on the last character of the escape. */
  #escape(): string {
    this.#at += 1;
    const char = this.#text[this.#at] ?? '';
    const digits = { x: 2, u: 4, U: 8 }[char];
    if (digits === undefined) return ESCAPES[char] ?? `\\${char}`;
    const hex = this.#text.slice(this.#at + 1, this.#at + 1 + digits);
    const code = /^[0-9a-fA-F]+$/.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : Infinity;
    if (code > 0x10ffff) throw this.#error('an escape that cannot be read');
    this.#at += digits;
    return String.fromCodePoint(code);
  }

  #wordOrNumber(): PythonValue {
    const match = /^[-+]?[A-Za-z0-9_.]+(?:(?<=[eE])[-+][0-9]+)?/.exec(this.#text.slice(this.#at, this.#at + 60));
    const word = match?.[0] ?? '';
    const constant = WORDS.get(word);
    const number = Number(word);
    if (word === '' || (constant === undefined && !Number.isFinite(number))) throw this.#error('something that is no literal');
    this.#at += word.length;
    return constant === undefined ? number : constant;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #take(char: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  #expect(char: string): void {
    if (!this.#take(char)) throw this.#error(`no “${char}”`);
  }

  #error(what: string): RangeError {
    return new RangeError(`Not a Python literal: ${what} at position ${this.#at}.`);
  }
}
