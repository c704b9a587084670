import { describe, expect, it } from 'vitest';
import { actionOf, arrowOf, digitOf, KEYMAP, keyLabel, keyLabels, keyName, type KeyInput } from './keymap.ts';

const press = (key: string, more: Partial<KeyInput> = {}): KeyInput => ({ key, code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

describe('keymap', () => {
  it('gives no key to two actions, and every action one row', () => {
    const keys = KEYMAP.flatMap((b) => b.keys);
    expect(new Set(keys).size).toBe(keys.length);
    const actions = KEYMAP.map((b) => b.action);
    expect(new Set(actions).size).toBe(actions.length);
    for (const binding of KEYMAP) expect([binding.keys.length > 0, binding.label.length > 0]).toEqual([true, true]);
  });

  it('leaves the digits 1…9 to the classes', () => {
    expect(KEYMAP.flatMap((b) => b.keys).filter((k) => /^[1-9]$/.test(k))).toEqual([]);
    expect(digitOf(press('3'))).toBe(3);
    expect(digitOf(press('0'))).toBeNull();
    // A French keyboard gives its digits with Shift only.
    expect(digitOf(press('"', { code: 'Digit3' }))).toBe(3);
    expect(digitOf(press('3', { ctrlKey: true }))).toBeNull();
  });

  it('finds every action by each of its own keys', () => {
    for (const { action, keys } of KEYMAP) {
      for (const key of keys) {
        const parts = key.split(/(?<=.)\+(?=.)/);
        const name = parts.at(-1) ?? '';
        const input = press(name === 'Space' ? ' ' : name, { ctrlKey: parts.includes('Ctrl'), shiftKey: parts.includes('Shift'), altKey: parts.includes('Alt') });
        expect([key, keyName(input), actionOf(input)]).toEqual([key, key, action]);
      }
    }
  });

  it('does not mind caps lock, Shift on signs, or Cmd for Ctrl', () => {
    expect(actionOf(press('E'))).toBe('erase');
    expect(actionOf(press('?', { shiftKey: true }))).toBe('help');
    expect(actionOf(press('z', { metaKey: true }))).toBe('undo');
    expect(actionOf(press('Z', { ctrlKey: true, shiftKey: true }))).toBe('redo');
    expect(actionOf(press('s', { ctrlKey: true }))).toBeNull();
  });

  it('knows arrow keys with and without Alt and Shift, and lists the four as one', () => {
    expect([press('ArrowUp'), press('ArrowUp', { shiftKey: true }), press('ArrowUp', { altKey: true }), press('ArrowUp', { altKey: true, shiftKey: true })].map(actionOf)).toEqual(['move', 'move.far', 'size', 'size.far']);
    expect(['ArrowLeft', 'ArrowDown', 'Enter'].map(arrowOf)).toEqual([[-1, 0], [0, 1], null]);
    expect(KEYMAP.filter((b) => b.action.startsWith('size')).map(keyLabels)).toEqual([['Alt ←↑→↓'], ['Alt Shift ←↑→↓']]);
  });

  it('writes keys for people', () => {
    expect(['Ctrl+Shift+z', 'Delete', '+', 'Shift+Tab'].map(keyLabel)).toEqual(['Ctrl Shift Z', 'Del', '+', 'Shift Tab']);
  });
});
