/** A picture, a box and the mask that belongs to it: what every segmentation model must find before people are given its masks. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Box } from '#core/geometry/box.ts';
import { maskIou } from '#core/geometry/iou.ts';
import { encode, type Rle } from '#core/geometry/rle.ts';
import type { MaskCandidate } from '#core/segmentation/port.ts';

/** A model whose mask agrees less with the right one is not used. */
export const LEAST_IOU = 0.7;

const FOLDER = new URL('../../models/spark/fixtures/', import.meta.url);
const Stored = Type.Object({
  image: Type.String(), width: Type.Integer(), height: Type.Integer(), box: Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()]),
  runs: Type.Array(Type.Integer({ minimum: 0 })),
});

export interface SelfTest {
  readonly image: string;
  readonly box: Box;
  readonly mask: Rle;
}

export async function readSelfTest(): Promise<SelfTest> {
  const stored = Value.Parse(Stored, JSON.parse(await readFile(new URL('selftest.json', FOLDER), 'utf8')));
  const size = { width: stored.width, height: stored.height };
  const bitmap = new Uint8Array(size.width * size.height);
  let at = 0;
  for (const [i, length] of stored.runs.entries()) {
    if (i % 2 === 1) bitmap.fill(1, at, at + length);
    at += length;
  }
  return { image: fileURLToPath(new URL(stored.image, FOLDER)), box: stored.box, mask: encode(bitmap, size) };
}

/** IoU of a model's first answer with the right mask; 0 without an answer. */
export function judge({ mask }: SelfTest, [best]: readonly MaskCandidate[]): number {
  return best ? maskIou(best.mask, mask) : 0;
}
