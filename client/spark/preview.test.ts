import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Box } from '#core/geometry/box.ts';
import type { SparkAnswer, SparkRequest } from './messages.ts';
import { SparkPreview, type SparkPort } from './preview.ts';

const bitmap = { width: 64, height: 48, close: () => undefined };
beforeAll(() => { vi.stubGlobal('createImageBitmap', async () => bitmap); });

/** A worker whose answers come when the test says so. */
function deskOf(): { preview: SparkPreview; asked: Extract<SparkRequest, { type: 'ask' }>[]; answer: (extra?: Partial<SparkAnswer>) => void; seen: [string, Box][] } {
  const asked: Extract<SparkRequest, { type: 'ask' }>[] = [];
  const seen: [string, Box][] = [];
  const port: SparkPort = { onmessage: null, terminate: () => undefined, postMessage: (m) => { if (m.type === 'ask') asked.push(m); } };
  const preview = new SparkPreview(port, { field: (key, { box }) => { seen.push([key, box]); } });
  const answer = (): void => {
    const last = asked.at(-1);
    if (!last) throw new Error('nothing was asked');
    const value = { box: last.box, crop: { x: 0, y: 0, side: 16 }, field: new Uint8Array(1), score: 1 };
    port.onmessage?.(new MessageEvent('message', { data: { type: 'field', picture: last.picture, key: last.key, value, ms: 1 } }));
  };
  return { preview, asked, answer, seen };
}

describe('masks while drawing', () => {
  it('are asked for one at a time; only the newest box of a key waits, and the last one is always answered', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(fc.constant('answer' as const), fc.record({ key: fc.constantFrom('mine', 'ana'), side: fc.integer({ min: 2, max: 40 }) })), { maxLength: 60 }), async (steps) => {
      const { preview, asked, answer, seen } = deskOf();
      await preview.setPicture(bitmap);
      const newest = new Map<string, number>();
      for (const step of steps) {
        if (step === 'answer') { if (asked.length > seen.length) answer(); } else {
          preview.ask(step.key, [0, 0, step.side, step.side]);
          newest.set(step.key, step.side);
        }
        expect(asked.length - seen.length).toBeLessThanOrEqual(1);
      }
      while (asked.length > seen.length) answer();
      for (const [key, side] of newest) expect(seen.findLast(([k]) => k === key)?.[1]).toEqual([0, 0, side, side]);
    }));
  });

  it('of a former picture are dropped, and the new one is not held up by them', async () => {
    const { preview, asked, answer, seen } = deskOf();
    await preview.setPicture(bitmap);
    preview.ask('mine', [0, 0, 9, 9]);
    await preview.setPicture(bitmap);
    answer();
    expect(seen).toEqual([]);
    preview.ask('mine', [1, 1, 8, 8]);
    expect(asked).toHaveLength(2);
    answer();
    expect(seen).toEqual([['mine', [1, 1, 8, 8]]]);
  });
});
