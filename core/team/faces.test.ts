import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseColor, chooseLetters, FACE_COLORS, type Worn } from './faces.ts';

describe('colours', () => {
  it('differ among the members of a project as long as there are enough, whoever joins and leaves', () => {
    const step = fc.record({ leave: fc.boolean(), who: fc.nat(FACE_COLORS - 1), own: fc.array(fc.nat(FACE_COLORS - 1), { maxLength: 3 }) });
    fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const worn: Worn[] = [];
      for (const { leave, who, own } of steps) {
        const members = worn.filter((w) => w.member);
        const leaving = members[who];
        if (leave && leaving) leaving.member = false;
        else if (members.length < FACE_COLORS) worn.push({ color: chooseColor(worn, own), member: true });
        const colors = worn.filter((w) => w.member).map((w) => w.color);
        expect(new Set(colors).size).toBe(colors.length);
      }
    }));
  });

  it('are those that the person has elsewhere where they are free, and shared evenly where there are too few', () => {
    expect(chooseColor([{ color: 0, member: true }], [0, 7])).toBe(7);
    expect(chooseColor([{ color: 7, member: false }], [7]), 'somebody who has left is still seen in it').toBe(0);
    const worn = Array.from({ length: FACE_COLORS }, (_, color) => ({ color, member: true }));
    expect(chooseColor([...worn, { color: 0, member: true }], [0])).toBe(1);
  });
});

describe('letters', () => {
  it('are the initials, else the first two letters, else others of the name', () => {
    const of = (name: string, ...taken: string[]): string => chooseLetters(name, new Set(taken));
    expect(['Ann Kim', 'ann.kim', 'anna-maria lopez', 'vera', 'Ö', '  ', '山田太郎'].map((name) => of(name))).toEqual(['AK', 'AK', 'AL', 'VE', 'Ö', '?', '山田']);
    expect([of('bob', 'BO'), of('bob', 'BO', 'BB'), of('Ann Kim', 'AK'), of('Ö', 'Ö')]).toEqual(['BB', 'B2', 'AI', 'Ö2']);
  });

  it('are never those of another while the name has any left', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (name) => {
      const first = chooseLetters(name, new Set());
      const second = chooseLetters(name, new Set([first]));
      expect(second).not.toBe(first);
      expect(Array.from(first).length).toBeLessThanOrEqual(2);
    }));
  });
});
