/** Spark in Node: the network alone beside the port, taking turns. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { createInference } from '#inference';

const MODELS = join(import.meta.dirname, '../../models');

export async function measureSpark(rounds: number): Promise<{ bare: number[]; port: number[] }> {
  const sparkPath = join(MODELS, 'spark.onnx');
  const picture = join(MODELS, 'spark/fixtures/colour.png');
  const session = await InferenceSession.create(await readFile(sparkPath), { executionProviders: ['cpu'], intraOpNumThreads: 1 });
  const inference = createInference({ modelsDir: null, sparkPath, providers: ['cpu'] });
  const input = new Tensor('float32', new Float32Array(7 * 128 * 128), [1, 7, 128, 128]);
  const times = { bare: [] as number[], port: [] as number[] };
  try {
    for (let i = -5; i < rounds; i++) {
      const began = performance.now();
      await session.run({ input });
      const between = performance.now();
      await inference.segment('picture', picture, { box: [20 + (i % 9), 20, 60, 50] });
      const ended = performance.now();
      if (i < 0) continue;
      times.bare.push(between - began);
      times.port.push(ended - between);
    }
    return times;
  } finally {
    await session.release();
    await inference.close();
  }
}
