/** Old against new, picture by picture, in a thread that lives as long as somebody waits for it. */
import { join } from 'node:path';
import { Piscina } from 'piscina';
import type { RunPictures } from '#core/api/evaluation.ts';
import type { Differences } from '#core/api/run.ts';
import { EmendError } from '#core/errors.ts';
import type { PictureDifference } from '#core/training/pictures.ts';
import type { PrismaClient } from '#prisma';
import type { Blobs } from '../../context.ts';
import { readSettings } from '../projects/index.ts';
import type { Asked, Pictures, PicturesAsked } from './compare.worker.ts';

const filename = join(import.meta.dirname, 'compare.worker.ts');

/** What the thread can do: what it is asked, and what it answers. */
interface Work {
  differences: [Asked, Differences];
  pictures: [PicturesAsked, Pictures];
}

async function inThread<K extends keyof Work>(name: K, asked: Work[K][0]): Promise<Work[K][1]> {
  const pool = new Piscina<Work[K][0], Work[K][1]>({ filename, name, minThreads: 1, maxThreads: 1 });
  try {
    return await pool.run(asked);
  } finally {
    await pool.destroy();
  }
}

/** For the gate. Paths of gzipped EvaluationFiles. */
export function compareEvaluations(asked: Asked): Promise<Differences> {
  return inThread('differences', asked);
}

interface Parts { db: PrismaClient; blobs: Blobs }

/** Answers that were given lately, by blobs and threshold: evaluations never change. */
export class PictureShelf {
  readonly #kept = new Map<string, Promise<Pictures>>();
  readonly #most = 8;

  of(key: string, make: () => Promise<Pictures>): Promise<Pictures> {
    const known = this.#kept.get(key) ?? make();
    this.#kept.delete(key);
    this.#kept.set(key, known);
    known.catch(() => this.#kept.delete(key));
    for (const oldest of this.#kept.keys()) if (this.#kept.size > this.#most) this.#kept.delete(oldest);
    return known;
  }
}

export interface Asking {
  runId: string;
  /** The model that the run's own was held against. */
  comparedWith: string | null;
  /** Images of which whoever asks must not see the labels yet: the other half of a blind pair. */
  hidden: readonly string[];
}

/** The pictures on which a run's model and the one before differ most. @throws EmendError `not_found` where the two were not measured on the same split. */
export async function readPictures({ db, blobs }: Parts, shelf: PictureShelf, { runId, comparedWith, hidden }: Asking): Promise<RunPictures> {
  const run = await db.trainingRun.findUniqueOrThrow({ where: { id: runId }, include: { outModel: true, project: true } });
  const measured = async (modelId: string | undefined | null): Promise<{ sha256: string; model: { number: number } }> => {
    const row = modelId == null ? null : await db.evaluation.findUnique({ where: { modelId_datasetVersionId: { modelId, datasetVersionId: run.datasetVersionId } }, include: { model: true } });
    if (!row) throw new EmendError('not_found', 'This run has no two evaluations to compare: it has not got that far, or there was no former model.');
    return row;
  };
  const [old, fresh] = [await measured(comparedWith), await measured(run.outModel?.id)];
  const { threshold } = readSettings(run.project.settings);
  const { worse, better, counts } = await shelf.of(`${old.sha256} ${fresh.sha256} ${threshold}`, async () =>
    inThread('pictures', { old: await blobs.path(old.sha256), fresh: await blobs.path(fresh.sha256), threshold }));
  const images = new Map((await db.image.findMany({ where: { id: { in: [...worse, ...better].map((p) => p.image) } }, select: { id: true, name: true, width: true, height: true } })).map((i) => [i.id, i]));
  const named = (list: readonly PictureDifference[]): RunPictures['worse'] => list.flatMap(({ image, ...rest }) => { const about = hidden.includes(image) ? undefined : images.get(image); return about ? [{ ...rest, image: about }] : []; });
  return { threshold, old: old.model.number, new: fresh.model.number, worse: named(worse), better: named(better), counts };
}
