import { Tensor } from 'onnxruntime-node';
import { EmendError } from '#core/errors.ts';
import type { MaskCandidate, Prompts, RgbImage } from '#core/segmentation/port.ts';
import { SPARK_CHANNELS, SPARK_CONTRACT, SPARK_SIZE, sparkBox, sparkInput, sparkMask } from '#core/segmentation/spark.ts';
import { loadImage, type ImageSource } from './image.ts';
import { floatOutput, runModel, type Sessions } from './session.ts';

/** The pictures last asked about, unpacked: a person draws many boxes on one picture. At most three. */
const recent = new Map<string, Promise<RgbImage>>();
const RECENT = 3;

function imageOf(source: ImageSource): Promise<RgbImage> {
  if (typeof source !== 'string') return loadImage(source);
  const loading = recent.get(source) ?? loadImage(source);
  recent.delete(source);
  recent.set(source, loading);
  loading.catch(() => recent.delete(source));
  for (const key of recent.keys()) if (recent.size > RECENT) recent.delete(key);
  return loading;
}

/** One mask for a box (and clicks) by Spark, with its own estimate of the IoU. */
export async function segment(sessions: Sessions, modelPath: string, source: ImageSource, prompts: Prompts): Promise<MaskCandidate[]> {
  const model = await sessions.open(modelPath);
  const contract = model.meta.metadata.get('contract');
  if (contract !== SPARK_CONTRACT) throw new EmendError('unsupported', 'This Spark file is of another version than the program. Fetch the one that belongs to it.', contract ?? 'no contract');
  const image = await imageOf(source);
  const box = sparkBox(prompts, image);
  const input = new Tensor('float32', sparkInput(image, box, prompts.points), [1, SPARK_CHANNELS, SPARK_SIZE, SPARK_SIZE]);
  const outputs = await runModel(model, { input });
  const [score = 0] = floatOutput(outputs, 'quality').data;
  return [{ mask: sparkMask(floatOutput(outputs, 'logits').data, box, image), score: Math.min(1, Math.max(0, score)) }];
}
