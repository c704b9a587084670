/** What the two models of an iteration find on the same split. */
import { Value } from 'typebox/value';
import { ReportQuality } from '#core/api/report.ts';
import { compareQuality } from '#core/report/quality.ts';
import type { PrismaClient } from '#prisma';
import type { Eyes } from '../../blind.ts';
import type { Blobs } from '../../context.ts';
import { readEvaluation } from '../evaluations/index.ts';

export interface Contest {
  iterationId: string;
  ended: boolean;
  oldId: string | null;
  newId: string | null;
  /** The version that the new model was trained on. */
  versionId: string | null;
}
interface Parts { db: PrismaClient; blobs: Blobs }

/** Evaluations never change: what was worked out of two of them is right for as long as the server runs. Of iterations that go on, the few last asked for. */
const known = new Map<string, ReportQuality | null>();
const KNOWN = 20;

/** null = neither model was measured, or on different versions only. Of an ended iteration it is worked out once and kept. */
export async function readQuality({ db, blobs }: Parts, contest: Contest): Promise<ReportQuality | null> {
  const { quality } = await db.iteration.findUniqueOrThrow({ where: { id: contest.iterationId }, select: { quality: true } });
  if (Value.Check(ReportQuality, quality)) return quality;
  const versionId = await commonVersion(db, contest);
  if (versionId === null) return null;
  const key = [contest.oldId, contest.newId, versionId].join(' ');
  const made = known.get(key) ?? await workOut({ db, blobs }, contest, versionId);
  if (known.size >= KNOWN) known.clear();
  known.set(key, made);
  // Once and for ever: whoever was faster wrote the same.
  if (contest.ended && made) await db.$executeRaw`UPDATE "Iteration" SET quality = ${JSON.stringify(made)}::jsonb WHERE id = ${contest.iterationId} AND quality IS NULL`;
  return made;
}

/** Preferably the one that the new model was trained on; else the newest on which both were measured; of one model alone its newest. */
async function commonVersion(db: PrismaClient, { oldId, newId, versionId }: Contest): Promise<string | null> {
  const rows = await db.evaluation.findMany({
    where: { modelId: { in: [oldId, newId].filter((id) => id !== null) } }, orderBy: { datasetVersion: { number: 'desc' } }, select: { modelId: true, datasetVersionId: true },
  });
  const on = (modelId: string | null): string[] => rows.filter((r) => r.modelId === modelId).map((r) => r.datasetVersionId);
  const [before, after] = [on(oldId), on(newId)];
  const both = after.filter((id) => before.includes(id));
  const fit = both.length ? both : newId === null ? before : after;
  return fit.find((id) => id === versionId) ?? fit[0] ?? null;
}

async function workOut({ db, blobs }: Parts, { oldId, newId }: Contest, versionId: string): Promise<ReportQuality | null> {
  const read = (modelId: string | null) => (modelId === null ? null : readEvaluation(db, blobs, modelId, versionId));
  const [old, fresh] = [await read(oldId), await read(newId)];
  const { number } = await db.datasetVersion.findUniqueOrThrow({ where: { id: versionId }, select: { number: true } });
  const rows = await db.image.findMany({ where: { datasetItems: { some: { datasetVersionId: versionId, split: { not: 'train' } } } }, select: { id: true, name: true, width: true, height: true } });
  return compareQuality(old, fresh, number, new Map(rows.map(({ id, ...about }) => [id, about])));
}

/** Without pictures whose labels are a colleague's half of a blind pair. */
export async function withoutBlind(db: PrismaClient, quality: ReportQuality | null, eyes: Eyes): Promise<ReportQuality | null> {
  if (quality === null || eyes === null) return quality;
  const { worst, improved, fallen } = quality.pictures;
  const ids = [...worst, ...improved, ...fallen].map((p) => p.imageId);
  const blind = new Set((await db.task.findMany({ where: { imageId: { in: ids }, blind: true, NOT: { seenBy: { has: eyes } } }, select: { imageId: true } })).map((t) => t.imageId));
  const open = (list: typeof worst): typeof worst => list.filter((p) => !blind.has(p.imageId));
  return { ...quality, pictures: { worst: open(worst), improved: open(improved), fallen: open(fallen) } };
}
