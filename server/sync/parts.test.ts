import { describe, expect, it } from 'vitest';
import { MAX_UPDATE_BYTES, PART_BYTES } from '#core/protocol.ts';
import { Parts } from './parts.ts';

const piece = (index: number, last: boolean, bytes = 2) => ({ index, last, part: new Uint8Array(bytes).fill(index) });

describe('an update in pieces', () => {
  it('is whole with its last piece', () => {
    const parts = new Parts();
    expect(parts.add('ann', piece(0, false))).toBeUndefined();
    expect(parts.add('ann', piece(1, true))).toEqual(new Uint8Array([0, 0, 1, 1]));
    expect(parts.add('ann', piece(0, true))).toEqual(new Uint8Array([0, 0]));
  });

  it('begins again with piece 0, and refuses a gap or pieces of another room', () => {
    const parts = new Parts();
    parts.add('ann', piece(0, false));
    parts.add('ann', piece(0, false));
    expect(() => parts.add('bob', piece(1, true))).toThrow(expect.objectContaining({ code: 'unavailable' }));
    expect(() => parts.add('ann', piece(1, true)), 'what came before is forgotten').toThrow(expect.objectContaining({ code: 'unavailable' }));
  });

  it('holds no more than the limit', () => {
    const parts = new Parts();
    const most = MAX_UPDATE_BYTES / PART_BYTES;
    expect(() => {
      for (let i = 0; i <= most; i++) parts.add('ann', piece(i, false, PART_BYTES));
    }).toThrow(expect.objectContaining({ code: 'too_large' }));
  });
});
