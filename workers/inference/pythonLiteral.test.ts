import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePythonLiteral, type PythonValue } from './pythonLiteral.ts';

/** `repr` of Python for the values that we read. */
function repr(value: PythonValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
  if (value instanceof Map) return `{${[...value].map(([key, item]) => `${repr(key)}: ${repr(item)}`).join(', ')}}`;
  return Array.isArray(value) ? `[${value.map(repr).join(', ')}]` : '';
}

describe('Python literals', () => {
  it('reads class names as Ultralytics writes them', () => {
    expect(parsePythonLiteral(`{0: 'disc', 1: 'die\\'s "edge"', 2: "it's", 3: 'Größe \\u00b5m'}`)).toEqual(new Map([[0, 'disc'], [1, 'die\'s "edge"'], [2, "it's"], [3, 'Größe µm']]));
    expect(parsePythonLiteral(' [640, 480 ] ')).toEqual([640, 480]);
    expect(parsePythonLiteral('(1, -2.5e3,)')).toEqual([1, -2500]);
    expect(parsePythonLiteral("{'nms': None, 'dynamic': False}")).toEqual(new Map<string, PythonValue>([['nms', null], ['dynamic', false]]));
  });

  it('reads back what it is given', () => {
    const { value } = fc.letrec<{ value: PythonValue; list: PythonValue; dict: PythonValue }>((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, fc.string(), fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('dict')),
      list: fc.array(tie('value'), { maxLength: 4 }),
      dict: fc.array(fc.tuple(fc.integer(), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
    }));
    fc.assert(fc.property(value, (original) => {
      expect(parsePythonLiteral(repr(original))).toEqual(original);
    }));
  });

  it('never runs or accepts anything else', () => {
    for (const text of ['__import__("os").system("x")', '{0: open("x")}', "{0: 'a'", "'a' 'b'", '1+1', '{[1]: 2}', "'\\U00110000'", '['.repeat(100), '', 'nan', 'lambda: 0']) {
      expect(() => parsePythonLiteral(text)).toThrow(RangeError);
    }
    fc.assert(fc.property(fc.string(), (text) => {
      try {
        parsePythonLiteral(text);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }));
  });
});
