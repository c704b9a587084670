/** What a run needs on disk, before it finds out by itself. */
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunNeeds } from '#core/api/run.ts';
import { EmendError } from '#core/errors.ts';
import type { PrismaClient, TrainingRun } from '#prisma';
import { runDirectory } from './trainerProcess.ts';

interface Parts {
  db: PrismaClient;
  config: { dataDir: string };
}

/** Room that PostgreSQL, pictures that are being imported and the log shall keep. */
const RESERVE = 300e6;
/** Two checkpoints with the optimizer's state, the model and its ONNX file, in sizes of the weights that it starts from. */
const COPIES = 20;
/** Weights of the network that a start from scratch begins with. */
const SCRATCH = 6e6;

/** The version's pictures are copied for the trainer; checkpoints as large as those of the last finished run, or by the weights' size. */
export async function needsOf({ db, config }: Parts, projectId: string, datasetVersionId: string, baseModelId: string | null): Promise<RunNeeds> {
  const [pictures, former, disk] = await Promise.all([
    db.image.aggregate({ where: { projectId, datasetItems: { some: { datasetVersionId } } }, _sum: { bytes: true } }),
    db.trainingRun.findFirst({ where: { projectId, state: 'done', baseModelId }, orderBy: { number: 'desc' }, select: { id: true } }),
    statfs(config.dataDir),
  ]);
  const measured = former === null ? 0 : await sizeOf(join(runDirectory(config.dataDir, former.id), 'out'));
  return { bytes: (pictures._sum.bytes ?? 0) + (measured || COPIES * SCRATCH), freeBytes: disk.bavail * disk.bsize };
}

async function sizeOf(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(entries.filter((e) => e.isFile()).map((e) => stat(join(e.parentPath, e.name)).then((s) => s.size, () => 0)));
  return sizes.reduce((a, b) => a + b, 0);
}

/** @throws EmendError `conflict` where the disk would be full before the run has ended. */
export async function refuseFull(parts: Parts, run: Pick<TrainingRun, 'projectId' | 'datasetVersionId' | 'baseModelId'>): Promise<void> {
  const { bytes, freeBytes } = await needsOf(parts, run.projectId, run.datasetVersionId, run.baseModelId);
  if (freeBytes >= bytes + RESERVE) return;
  throw new EmendError('conflict', `The disk of the data directory is nearly full: this run needs about ${megabytes(bytes + RESERVE)}, and ${megabytes(freeBytes)} are free. Make room, then start it again; nothing was begun.`);
}

function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
