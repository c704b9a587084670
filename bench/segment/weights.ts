/** Weights of a real size for the benches: made by Python once, outside the repository, or any pair of files that somebody has. */
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findSamFiles, type SamFiles } from '../../workers/inference/samFiles.ts';

export const WEIGHTS = join(process.env['EMEND_CACHE'] ?? join(homedir(), '.cache', 'emend'), 'bench-weights');

/** The pair NAME in a directory. @throws Error that says how to make it. */
export async function findWeights(directory: string, name: string): Promise<SamFiles> {
  const { pairs } = await findSamFiles(directory);
  const files = pairs.find((pair) => pair.name === name);
  if (files) return files;
  throw new Error(`There are no weights ${name} in ${directory}. Make them (random weights: speed does not depend on them):
  uv run --with torch --with torchvision --with segment-anything --with samexporter --with sam2 --with efficientsam --with onnx \\
    python bench/segment/export.py ${directory} ${name}`);
}

/**
 * Puts a pair into a server's data directory as if it had passed the self-test, which random weights cannot: the verdict lies there before the files do.
 * A running server finds them within seconds.
 */
export async function install({ name, encoder, decoder }: SamFiles, dataDir: string): Promise<void> {
  const [models, aside] = [join(dataDir, 'models'), join(dataDir, 'bench-weights')];
  for (const directory of [models, aside]) await mkdir(directory, { recursive: true });
  await copyFile(encoder, join(aside, `${name}.encoder.onnx`));
  await copyFile(decoder, join(aside, `${name}.decoder.onnx`));
  const [pair] = (await findSamFiles(aside)).pairs;
  await writeFile(join(models, 'tested.json'), JSON.stringify({ [pair?.stamp ?? '']: { iou: 1 } }));
  for (const half of ['decoder', 'encoder']) await rename(join(aside, `${name}.${half}.onnx`), join(models, `${name}.${half}.onnx`));
}
