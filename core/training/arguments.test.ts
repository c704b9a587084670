import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrainerArgument } from '#core/api/run.ts';
import { argumentProblem, parseArguments, writeArguments } from './arguments.ts';

const list: TrainerArgument[] = [
  { name: 'mosaic', kind: 'fraction', default: 1 }, { name: 'close_mosaic', kind: 'integer', default: 10 }, { name: 'nbs', kind: 'integer', default: 64, minimum: 1 },
  { name: 'degrees', kind: 'number', default: 0 }, { name: 'cos_lr', kind: 'boolean', default: false }, { name: 'optimizer', kind: 'choice', default: 'auto', choices: ['auto', 'SGD'] },
];

describe('arguments of the trainer', () => {
  it('are taken as it takes them', () => {
    for (const [name, value] of [['mosaic', 0.5], ['mosaic', 0], ['close_mosaic', 0], ['nbs', 1], ['degrees', -10.5], ['cos_lr', true], ['optimizer', 'SGD']] as const) expect(argumentProblem(list, name, value), name).toBeNull();
  });
  it('are refused with what they take', () => {
    expect(argumentProblem(list, 'mosaic', 1.5)).toBe('“mosaic” takes a number from 0 to 1, not 1.5.');
    expect(argumentProblem(list, 'nbs', 0)).toContain('a whole number from 1');
    expect(argumentProblem(list, 'close_mosaic', 2.5)).toContain('a whole number from 0');
    expect(argumentProblem(list, 'cos_lr', 1)).toContain('true or false');
    expect(argumentProblem(list, 'optimizer', 'Lion')).toContain('auto, SGD');
    expect(argumentProblem(list, 'degrees', Number.NaN)).toContain('a number');
  });
  it('that name files, folders or nothing at all are not on the list', () => {
    for (const name of ['data', 'project', 'model', 'cfg', 'resume', '__proto__', 'constructor']) expect(argumentProblem(list, name, 'x')).toContain('no argument');
    expect(argumentProblem(list, 'mosaics', 1)).toContain('similar: mosaic');
  });
  it('are read as they are written', () => {
    const value = fc.oneof(fc.boolean(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (x === 0 ? 0 : x)), fc.constantFrom('SGD', 'flip', 'rand_augment'));
    fc.assert(fc.property(fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,30}$/), value, { noNullPrototype: true }), (extra) => {
      expect(parseArguments(writeArguments(extra))).toEqual({ extra, problem: null });
    }));
  });
  it('that cannot be read are named', () => {
    for (const text of ['mosaic', 'mosaic=', '=1', 'mosaic = 1', 'a=b=c', 'Ä=1']) expect(parseArguments(text).problem, text).toContain('name=value');
    expect(parseArguments(' \n')).toEqual({ extra: {}, problem: null });
  });
});
