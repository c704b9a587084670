/** Every segmentation model of this machine through the program's own port: Spark, and whatever SAM lies in the data directory. */
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { createInference, SPARK } from '#inference';
import type { Rival } from './rivals.ts';

export interface Models {
  readonly rivals: readonly Rival[];
  /** Models that lie there and are not used, with the reason. */
  readonly refused: readonly string[];
  close(): Promise<void>;
}

/** Links to the weights in a directory of our own, so that what a person chose there stays chosen: `choose` writes it beside the weights. */
async function linked(modelsDir: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'emend-quality-'));
  const entries = await readdir(modelsDir, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter(({ name, parentPath }) => name.endsWith('.onnx') && !parentPath.includes('/.'))) {
    const folder = join(directory, entry.parentPath === modelsDir ? 'weights' : basename(entry.parentPath)); // links are looked for one folder deep
    await mkdir(folder, { recursive: true });
    await symlink(resolve(entry.parentPath, entry.name), join(folder, entry.name));
  }
  return directory;
}

export async function models(dataDir: string, sparkPath: string): Promise<Models> {
  const directory = await linked(join(dataDir, 'models'));
  const inference = createInference({ modelsDir: directory, sparkPath });
  await inference.tested();
  const { segmenters } = inference.status();
  const rivals = segmenters.filter(({ state }) => state === 'ready').map(({ name }): Rival => ({
    name,
    clicks: true,
    segment: async ({ path }, { box, points, previous }) => {
      if (inference.status().choice !== name) await inference.choose(name);
      const { candidates: [best] } = await inference.segment(path, path, { box, points, ...(previous && points.length > 0 ? { previous } : {}) });
      if (!best) throw new Error(`${name} gave no mask for a box in ${path}.`);
      return best.mask;
    },
  }));
  return {
    rivals: rivals.toSorted((a, b) => Number(b.name === SPARK) - Number(a.name === SPARK)),
    refused: segmenters.filter(({ state }) => state === 'refused').map(({ name, problem }) => `${name}: ${problem ?? ''}`),
    close: async () => {
      await inference.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
