import { expect, it } from 'vitest';
import { useSelection } from './useSelection.ts';

const items = ['a', 'b', 'c', 'd'].map((id) => ({ id }));

it('toggles single ones and extends from the last toggled one in both directions', () => {
  const selection = useSelection(() => items);
  selection.toggle(2);
  expect([...selection.ids.value]).toEqual(['c']);
  selection.extend(0);
  expect([...selection.ids.value].sort()).toEqual(['a', 'b', 'c']);
  selection.toggle(1);
  expect(selection.ids.value.has('b')).toBe(false);
  selection.extend(3);
  expect(selection.size.value).toBe(4);
  selection.toggle(9);
  expect(selection.size.value).toBe(4);
  selection.clear();
  expect(selection.size.value).toBe(0);
});
