/** Where a label comes from, and where it went. Read from immutable rows only, so that it is the same in ten years. */
import type { Instance } from '#core/annotation/schema.ts';
import type { Provenance } from '#core/api/dataset.ts';
import { EmendError } from '#core/errors.ts';
import type { Import, PrismaClient } from '#prisma';
import { predictionsOf } from '../tasks/index.ts';
import { readInstances } from './candidates.ts';
import { classesOf } from './versions.ts';

const GONE = 'somebody who left';

/** @throws EmendError `not_found` when the version has no such image or label. */
export async function provenanceOf(db: PrismaClient, versionId: string, imageId: string, labelId: string): Promise<Provenance> {
  const item = await readItem(db, versionId, imageId);
  const label = item && readInstances(item.instances).find((i) => i.id === labelId);
  if (!item || !label) throw new EmendError('not_found', 'This version has no such label. It may belong to another version of the project.');
  const names = classesOf(item.version);
  const source = label.source === 'baseline' ? await importOf(db, item, labelId) : null;
  const people = await namesOf(db, [label.by, item.revision?.submittedById, source?.createdBy]);
  const className = (index: number): string => names[index] ?? `class ${index}`;
  return {
    version: { id: item.version.id, number: item.version.number }, image: item.image,
    label: { id: label.id, class: label.class, className: className(label.class), box: label.box, maskModel: label.maskModel ?? null },
    origin: source ? { kind: 'baseline', importId: source.id, by: people(source.createdBy), at: source.createdAt.toISOString() } : madeOf(label, people, className, await readSet(db, item.predictionSetId)),
    revision: item.revision ? {
      id: item.revision.id, number: item.revision.number, taskId: item.revision.taskId, iteration: item.revision.task.iteration.number,
      by: people(item.revision.submittedById), at: item.revision.createdAt.toISOString(), status: item.revision.status,
    } : null,
    usedBy: await usedBy(db, imageId, item.labelsHash, label),
  };
}

async function readItem(db: PrismaClient, versionId: string, imageId: string) {
  return db.datasetItem.findUnique({
    where: { datasetVersionId_imageId: { datasetVersionId: versionId, imageId } },
    include: {
      version: true, image: { select: { id: true, name: true } }, baseline: { include: { import: true } },
      revision: { include: { task: { select: { iteration: { select: { number: true } } } } } },
    },
  });
}
type Item = NonNullable<Awaited<ReturnType<typeof readItem>>>;

async function readSet(db: PrismaClient, id: string | null) {
  return id === null ? null : db.predictionSet.findUnique({ where: { id }, include: { model: { select: { id: true, number: true, name: true } } } });
}
type PredictionSet = Awaited<ReturnType<typeof readSet>>;

/** The import that brought a baseline label; of a submitted image without predictions, which keeps the labels it came with, found by the label. */
async function importOf(db: PrismaClient, item: Item, labelId: string): Promise<Import> {
  if (item.baseline) return item.baseline.import;
  const rows = await db.baselineLabel.findMany({ where: { imageId: item.imageId }, orderBy: { createdAt: 'desc' }, include: { import: true } });
  const row = rows.find((r) => readInstances(r.instances).some((i) => i.id === labelId));
  if (!row) throw new EmendError('not_found', 'The import that this label came with cannot be found.');
  return row.import;
}

function madeOf(label: Instance, people: (id: string | undefined) => string, className: (index: number) => string, set: PredictionSet): Provenance['origin'] {
  const model = set?.model ?? null;
  if (label.source !== 'annotation') return { kind: 'prediction', model, score: label.score ?? null, pseudo: label.source === 'pseudo' };
  const replaced = new Set(label.of);
  const insteadOf = set ? predictionsOf(set.instances).filter((p) => replaced.has(p.id)).map((p) => ({ id: p.id, class: p.class, className: className(p.class), score: p.score })) : [];
  return { kind: 'annotation', how: label.kind ?? null, by: people(label.by), at: label.at === undefined ? null : new Date(label.at).toISOString(), insteadOf, model };
}

async function namesOf(db: PrismaClient, ids: readonly (string | undefined)[]): Promise<(id: string | undefined) => string> {
  const rows = await db.user.findMany({ where: { id: { in: ids.filter((id) => id !== undefined) } }, select: { id: true, name: true } });
  const names = new Map(rows.map((r) => [r.id, r.name]));
  return (id) => names.get(id ?? '') ?? GONE;
}

/** Versions whose labels of the image include this one: mostly found by the hash, else by looking. */
async function usedBy(db: PrismaClient, imageId: string, labelsHash: string, label: Instance): Promise<Provenance['usedBy']> {
  const items = await db.datasetItem.findMany({ where: { imageId }, select: { datasetVersionId: true, labelsHash: true } });
  const others = await db.datasetItem.findMany({ where: { imageId, labelsHash: { not: labelsHash } }, select: { datasetVersionId: true, instances: true } });
  const holding = new Set(items.filter((i) => i.labelsHash === labelsHash).map((i) => i.datasetVersionId));
  for (const other of others) if (readInstances(other.instances).some((i) => i.id === label.id && i.class === label.class && same(i, label))) holding.add(other.datasetVersionId);
  const versions = await db.datasetVersion.findMany({
    where: { id: { in: [...holding] } }, orderBy: { number: 'asc' },
    select: { id: true, number: true, runs: { orderBy: { number: 'asc' }, select: { id: true, number: true, state: true, outModel: { select: { id: true, number: true, name: true } } } } },
  });
  return versions.map((v) => ({ version: { id: v.id, number: v.number }, runs: v.runs.map(({ outModel, ...run }) => ({ ...run, model: outModel })) }));
}

function same(a: Instance, b: Instance): boolean {
  return a.box.every((value, i) => value === b.box[i]) && a.mask?.counts === b.mask?.counts;
}
