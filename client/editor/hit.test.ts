import { describe, expect, it } from 'vitest';
import type { Box } from '#core/geometry/box.ts';
import { partAt, shapeAt } from './hit.ts';
import type { Shape, ShapeState } from './shapes.ts';

const shape = (id: string, box: Box, state: ShapeState = 'kept'): Shape => ({ id, source: 'prediction', state, class: 0, box, score: 0.9, unsure: false, duplicates: [] });
const chip = shape('chip', [0, 0, 200, 200]);
const small = shape('void', [50, 50, 20, 20]);

describe('hit testing', () => {
  it('reaches the small one in the large one', () => {
    expect(shapeAt([chip, small], [60, 60], 1)?.id).toBe('void');
    expect(shapeAt([small, chip], [60, 60], 1)?.id).toBe('void');
    expect(shapeAt([chip, small], [150, 150], 1)?.id).toBe('chip');
    expect(shapeAt([chip, small], [400, 150], 1)).toBeNull();
  });

  it('reaches a few screen pixels beyond the edge, at any zoom', () => {
    expect(shapeAt([small], [47, 60], 1)?.id).toBe('void');
    expect(shapeAt([small], [47, 60], 0.1)).toBeNull();
  });

  it('leaves ghosts out and prefers the living to the rejected', () => {
    expect(shapeAt([shape('ghost', [50, 50, 20, 20], 'ghost')], [60, 60], 1)).toBeNull();
    expect(shapeAt([chip, shape('rejected', [50, 50, 20, 20], 'rejected')], [60, 60], 1)?.id).toBe('chip');
    expect(shapeAt([shape('rejected', [50, 50, 20, 20], 'rejected')], [60, 60], 1)?.id).toBe('rejected');
  });

  it('tells handle, edge and inside apart', () => {
    expect(partAt(chip.box, [0, 0], 1, true)).toEqual({ kind: 'handle', handle: { x: -1, y: -1 } });
    expect(partAt(chip.box, [0, 50], 1, true)).toEqual({ kind: 'edge' });
    expect(partAt(chip.box, [0, 0], 1, false)).toEqual({ kind: 'edge' });
    expect(partAt(chip.box, [100, 50], 1, true)).toEqual({ kind: 'inside' });
    expect(partAt(chip.box, [100, 260], 1, true)).toBeNull();
  });

  it('leaves a tiny box an inside to hold', () => {
    expect(partAt([10, 10, 6, 6], [13, 13], 1, false)).toEqual({ kind: 'inside' });
  });
});
