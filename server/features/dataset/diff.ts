/** The difference of two dataset versions. Both are immutable, so what was counted once stays true. */
import type { Static } from 'typebox';
import type { ImageChange, ImageDiff, VersionDiff } from '#core/api/dataset.ts';
import { countChanges, diffLabels, shapeIou, type ChangeKind, type ObjectChange } from '#core/dataset/diff.ts';
import { EmendError } from '#core/errors.ts';
import type { DatasetVersion, PrismaClient } from '#prisma';
import { splitName } from '../images/index.ts';
import { readInstances } from './candidates.ts';
import { classesOf, findVersion } from './versions.ts';

type Change = Static<typeof ImageChange>;
interface Changed { imageId: string; change: Change; before: string | null; after: string | null }
interface Two { from: DatasetVersion; to: DatasetVersion }
/** Images whose labels are in memory at the same time. */
const CHUNK = 200;
const REMEMBERED = 50;
const summaries = new Map<string, VersionDiff>();

/** @throws EmendError `not_found`, `invalid` when the two are of different projects. */
export async function diffVersions(db: PrismaClient, fromId: string, toId: string): Promise<VersionDiff> {
  const { from, to } = await both(db, fromId, toId);
  const key = `${from.id} ${to.id}`;
  const known = summaries.get(key);
  if (known) return known;
  const summary = await summarise(db, { from, to });
  summaries.set(key, summary);
  for (const oldest of summaries.keys()) if (summaries.size > REMEMBERED) summaries.delete(oldest);
  return summary;
}

async function summarise(db: PrismaClient, { from, to }: Two): Promise<VersionDiff> {
  const changed = await changedImages(db, { from, to }, '', null);
  const images = { added: 0, removed: 0, changed: 0, split: 0, same: 0 };
  for (const { change } of changed) images[change]++;
  images.same = await db.datasetItem.count({ where: { datasetVersionId: to.id } }) - images.added - images.changed - images.split;
  const objects = countChanges([]);
  const relabelled = changed.filter((c) => c.change === 'changed');
  for (let i = 0; i < relabelled.length; i += CHUNK) {
    for (const image of await withObjects(db, { from, to }, relabelled.slice(i, i + CHUNK))) {
      for (const [kind, n] of Object.entries(countChanges(image.changes))) if (isKind(objects, kind)) objects[kind] += n;
    }
  }
  return { from: { id: from.id, number: from.number }, to: { id: to.id, number: to.number }, images, objects, classes: classChanges(from, to) };
}

function isKind(counts: Record<ChangeKind, number>, kind: string): kind is ChangeKind {
  return kind in counts;
}

/** Images that differ, by page; with `kind`, only those in which an object changed in that way. */
export async function diffImages(db: PrismaClient, fromId: string, toId: string, options: { kind?: ChangeKind | undefined; after?: string | undefined; limit: number; hidden?: readonly string[] }): Promise<{ items: ImageDiff[]; total: number; next: string | null }> {
  const two = await both(db, fromId, toId);
  const { total } = await count(db, two);
  const items: ImageDiff[] = [];
  let after = options.after ?? '';
  for (;;) {
    const page = await changedImages(db, two, after, CHUNK);
    for (const { changes, ...image } of await withObjects(db, two, page.filter((c) => !options.hidden?.includes(c.imageId)))) {
      if (options.kind !== undefined && !changes.some((c) => options.kind && c.kinds.includes(options.kind))) continue;
      if (items.length === options.limit) return { items, total, next: items.at(-1)?.imageId ?? null };
      items.push({ ...image, objects: changes.map((c) => ({ ...c, maskIou: shapeIou(c) })) });
    }
    const last = page.at(-1);
    if (!last || page.length < CHUNK) return { items, total, next: null };
    after = last.imageId;
  }
}

async function both(db: PrismaClient, fromId: string, toId: string): Promise<Two> {
  const [from, to] = [await findVersion(db, fromId), await findVersion(db, toId)];
  if (from.projectId !== to.projectId) throw new EmendError('not_found', 'There is no such version in this project to compare with.');
  return { from, to };
}

async function changedImages(db: PrismaClient, { from, to }: Two, after: string, limit: number | null): Promise<Changed[]> {
  return db.$queryRaw<Changed[]>`
    SELECT COALESCE(a."imageId", b."imageId") AS "imageId", a.split AS before, b.split AS after,
      CASE WHEN a."imageId" IS NULL THEN 'added' WHEN b."imageId" IS NULL THEN 'removed' WHEN a."labelsHash" <> b."labelsHash" THEN 'changed' ELSE 'split' END AS change
    FROM (SELECT "imageId", split, "labelsHash" FROM "DatasetItem" WHERE "datasetVersionId" = ${from.id}) a
    FULL JOIN (SELECT "imageId", split, "labelsHash" FROM "DatasetItem" WHERE "datasetVersionId" = ${to.id}) b ON a."imageId" = b."imageId"
    WHERE COALESCE(a."imageId", b."imageId") > ${after} AND (a."labelsHash" IS DISTINCT FROM b."labelsHash" OR a.split IS DISTINCT FROM b.split)
    ORDER BY 1 LIMIT ${limit}`;
}

async function count(db: PrismaClient, two: Two): Promise<{ total: number }> {
  const { images } = await diffVersions(db, two.from.id, two.to.id);
  return { total: images.added + images.removed + images.changed + images.split };
}

type WithObjects = Omit<ImageDiff, 'objects'> & { changes: ObjectChange[] };

async function withObjects(db: PrismaClient, { from, to }: Two, changed: readonly Changed[]): Promise<WithObjects[]> {
  const rows = await db.datasetItem.findMany({
    where: { datasetVersionId: { in: [from.id, to.id] }, imageId: { in: changed.map((c) => c.imageId) } },
    select: { datasetVersionId: true, imageId: true, instances: true, image: { select: { name: true, width: true, height: true } } },
  });
  const find = (version: string, image: string) => rows.find((r) => r.datasetVersionId === version && r.imageId === image);
  return changed.flatMap((c): WithObjects[] => {
    const [a, b] = [find(from.id, c.imageId), find(to.id, c.imageId)];
    const image = (a ?? b)?.image;
    if (!image) return [];
    const [before, after] = [a ? readInstances(a.instances) : [], b ? readInstances(b.instances) : []];
    return [{
      imageId: c.imageId, ...image, change: c.change, split: { before: c.before === null ? null : splitName(c.before), after: c.after === null ? null : splitName(c.after) },
      labels: { before: before.length, after: after.length }, changes: c.change === 'changed' ? diffLabels(before, after) : [],
    }];
  });
}

function classChanges(from: DatasetVersion, to: DatasetVersion): VersionDiff['classes'] {
  const [before, after] = [classesOf(from), classesOf(to)];
  return Array.from({ length: Math.max(before.length, after.length) }, (_, index) => ({ index, before: before[index] ?? null, after: after[index] ?? null })).filter((c) => c.before !== c.after);
}
