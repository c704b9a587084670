import { describe, expect, it } from 'vitest';
import { parseLook, PLAIN_LOOK } from './desk.ts';
import { classKey, classOfDigit, searchClasses } from './classes.ts';

describe('desk', () => {
  it('reads back what was kept, and falls back to the plain look', () => {
    const look = { brightness: 0.2, contrast: 1.5, gamma: 0.8, invert: true };
    expect(parseLook(JSON.stringify(look))).toEqual(look);
    for (const bad of [null, '', 'x', '[]', '{"brightness":9,"contrast":1,"gamma":1,"invert":false}', '{"brightness":0,"contrast":1,"gamma":1}']) expect(parseLook(bad)).toEqual(PLAIN_LOOK);
  });
});

describe('classes', () => {
  const made = (index: number, name: string, key: string | null = null, retired = false) => ({ index, name, color: '#ffffff', key, retired, mergedInto: null });
  const classes = [made(0, 'Chip'), made(1, 'Void', '5'), made(2, 'Old', null, true), made(3, 'Crack'), made(4, 'Burr')];

  it('gives the project\'s key, else the position, never one key twice, never a retired class', () => {
    expect(classes.map((c) => classKey(c, classes))).toEqual(['1', '5', '3', '4', null]);
    expect([1, 5, 3, 9].map((d) => classOfDigit(d, classes)?.name)).toEqual(['Chip', 'Void', undefined, undefined]);
  });

  it('searches by name, those that begin with the text first', () => {
    expect(searchClasses('c', classes).map((c) => c.name)).toEqual(['Chip', 'Crack']);
    expect(searchClasses(' R', classes).map((c) => c.name)).toEqual(['Crack', 'Burr']);
  });
});
