import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filtersOf, marksOf, queryOf, withFilter, type Filters } from './filters.ts';

const anyFilters: fc.Arbitrary<Filters> = fc.record({
  status: fc.constantFrom('baseline', 'new', 'predicted', 'ok', 'corrected', 'skipped'),
  split: fc.constantFrom('train', 'valid', 'test'),
  class: fc.nat(50),
  text: fc.string({ minLength: 1, maxLength: 20 }),
  flagged: fc.boolean(),
  sort: fc.constantFrom('name', 'newest', 'uncertain'),
}, { requiredKeys: [] });

describe('filters in the address bar', () => {
  it('come back as they were written', () => {
    fc.assert(fc.property(anyFilters, (filters) => {
      const query = queryOf(filters);
      const read = Object.fromEntries(Object.entries(query).map(([k, v]) => [k, String(v)]));
      expect(filtersOf(read)).toEqual(filters);
    }));
  });

  it('drop what the server would refuse', () => {
    expect(filtersOf({ status: 'nonsense', class: '-1', sort: 'name' })).toEqual({ sort: 'name' });
    expect(filtersOf({ class: 'x', split: ['valid', 'test'] })).toEqual({ split: 'valid' });
  });

  it('keep what else is in the query, and take a filter away', () => {
    expect(queryOf({ status: 'ok' }, { image: 'abc', status: 'new', split: 'test' })).toEqual({ image: 'abc', status: 'ok' });
    expect(withFilter({ status: 'ok', class: 1 }, 'class', undefined)).toEqual({ status: 'ok' });
  });
});

describe('marks of an image', () => {
  const plain = { review: null, skipReason: null, flagNote: null, flagged: false } as const;
  it('say what a person said, the most telling first', () => {
    expect(marksOf(plain)).toBe('');
    expect(marksOf({ ...plain, review: 'accepted' })).toBe('');
    expect(marksOf({ ...plain, flagged: true, flagNote: 'chip or dust?', review: 'queued' })).toBe('chip or dust?');
    expect(marksOf({ ...plain, review: 'returned' })).toBe('sent back');
    expect(marksOf({ ...plain, skipReason: 'unsure' })).toBe('skipped: unsure');
  });
});
