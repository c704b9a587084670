import { expect, it } from 'vitest';
import { classNames } from './classNames.ts';

it('reads class names by lines and commas, keeps the order, drops repetitions', () => {
  expect(classNames('Chip\n Void ,, RBC\nChip\n')).toEqual(['Chip', 'Void', 'RBC']);
  expect(classNames('  ')).toEqual([]);
});
