import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Box } from '#core/geometry/box.ts';
import { boxIou } from '#core/geometry/iou.ts';
import { toBox } from '#core/geometry/rle.ts';
import { createInference, type Inference } from './index.ts';

// Their decoders fill the box that they are given, in their own coordinates (make_contract_fixtures.py): what comes back is where it went.
const folder = fileURLToPath(new URL('./fixtures/', import.meta.url));

async function withModel(files: readonly string[], work: (inference: Inference) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'inference-contract-'));
  for (const file of files) await copyFile(folder + file, join(directory, file));
  const inference = createInference({ modelsDir: directory, sparkPath: null, providers: ['cpu'], selfTest: false });
  try {
    await work(inference);
  } finally {
    await inference.close();
    await rm(directory, { recursive: true, force: true });
  }
}

const boxes: readonly (readonly [string, Box])[] = [['landscape.png', [60, 50, 90, 70]], ['landscape.png', [200, 120, 100, 100]], ['portrait.png', [20, 130, 60, 50]], ['small.png', [10, 10, 90, 60]]];

describe.each([
  ['SAM 2.1', ['sam2-contract.preprocess.onnx', 'sam2-contract.onnx'], 0.9],
  ['EfficientSAM', ['efficient-contract_encoder.onnx', 'efficient-contract_decoder.onnx'], 0.8],
] as const)('the contract of %s exports', (_, files, score) => {
  it('is recognised; boxes go there and come back, whatever the picture’s shape', async () => {
    await withModel(files, async (inference) => {
      for (const [image, box] of boxes) {
        const { candidates } = await inference.segment(image, folder + image, { box, points: [{ point: [box[0] + 5, box[1] + 5], positive: true }] });
        expect(candidates).toHaveLength(3);
        expect(candidates[0]?.score).toBeCloseTo(score, 4);
        const found = candidates[0] && toBox(candidates[0].mask);
        expect(found && boxIou(found, box)).toBeGreaterThan(0.93);
      }
    });
  });

  it('wants a box or a click on the object', async () => {
    await withModel(files, async (inference) => {
      await expect(inference.segment('small.png', `${folder}small.png`, { points: [{ point: [5, 5], positive: false }] })).rejects.toMatchObject({ code: 'invalid' });
    });
  });
});
