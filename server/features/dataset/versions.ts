/** Dataset versions: made once, never changed. */
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { DatasetStats, type DatasetItemDto, type DatasetVersionDto, type FreezePreview, type Manifest } from '#core/api/dataset.ts';
import { LEFT_OUT } from '#core/dataset/merge.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { DatasetVersion, PrismaClient } from '#prisma';
import { splitName } from '../images/index.ts';
import { draftVersion, manifestOf, readInstances, sourceOf } from './candidates.ts';

const Names = Type.Array(Type.String());
/** Rows per statement: labels with masks are large. */
const CHUNK = 500;

/** Names shown of the images that are left out for one reason. */
const SOME = 5;

export async function preview(db: PrismaClient, projectId: string, pseudo?: number): Promise<Static<typeof FreezePreview>> {
  const draft = await db.$transaction((tx) => draftVersion(tx, projectId, pseudo), { isolationLevel: 'RepeatableRead', timeout: 60_000 });
  const some = await db.image.findMany({ where: { id: { in: [...draft.leftOut.values()].flatMap((ids) => ids.slice(0, SOME)) } }, select: { id: true, name: true } });
  const nameOf = (index: number): string => draft.classes[index] ?? `class ${index}`;
  return {
    stats: draft.stats,
    leftOut: [...draft.leftOut].map(([reason, ids]) => ({ reason: LEFT_OUT[reason], images: ids.length, names: some.filter((i) => ids.includes(i.id)).map((i) => i.name) })),
    retired: [...draft.retired].map(([index, labels]) => ({ name: nameOf(index), labels })),
    relabelled: [...draft.relabelled].map(([index, labels]) => ({ name: nameOf(index), into: nameOf(draft.classOf(index) ?? index), labels })),
    sameAs: draft.parent?.hash === draft.hash ? draft.parent.number : null,
  };
}

/** @throws EmendError `conflict` when it would be the same as the newest version, or there is nothing to train on. */
export async function freeze(db: PrismaClient, projectId: string, note: string | null, personId: string, pseudo?: number): Promise<DatasetVersionDto> {
  const id = await db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${projectId} FOR UPDATE`; // one freeze at a time: versions are numbered
    const { chosen, stats, hash, classes, classOf, parent } = await draftVersion(tx, projectId, pseudo);
    if (chosen.length === 0) throw new EmendError('conflict', 'No image has labels yet, so there is nothing to freeze. Import labelled images, or submit corrections first.');
    if (parent?.hash === hash) throw new EmendError('conflict', `Nothing has changed since version ${parent.number}: a new one would be the same. Submit corrections first, or train on version ${parent.number}.`);
    const version = await tx.datasetVersion.create({ data: { id: newId(), projectId, number: (parent?.number ?? 0) + 1, parentId: parent?.id ?? null, hash, classes, classFates: classes.map((_, index) => classOf(index)), stats, note, createdById: personId } });
    for (let i = 0; i < chosen.length; i += CHUNK) {
      await tx.datasetItem.createMany({ data: chosen.slice(i, i + CHUNK).map((c) => ({
        datasetVersionId: version.id, imageId: c.imageId, source: c.source, split: c.split, revisionId: c.revisionId, baselineId: c.baselineId,
        predictionSetId: c.predictionSetId, instances: [...c.instances], labelsHash: c.labelsHash, fresh: c.fresh,
      })) });
    }
    await tx.iteration.updateMany({ where: { projectId, endedAt: null }, data: { datasetVersionId: version.id } });
    await tx.activity.create({ data: { id: newId(), projectId, userId: personId, kind: 'froze', text: `froze dataset version ${version.number}: ${stats.images} images, ${stats.instances} instances` } });
    return version.id;
  }, { timeout: 120_000 });
  return readVersion(db, id);
}

export async function listVersions(db: PrismaClient, projectId: string): Promise<DatasetVersionDto[]> {
  return toDtos(db, await db.datasetVersion.findMany({ where: { projectId }, orderBy: { number: 'desc' } }));
}

export async function readVersion(db: PrismaClient, id: string): Promise<DatasetVersionDto> {
  const [dto] = await toDtos(db, [await findVersion(db, id)]);
  if (!dto) throw new EmendError('not_found', 'There is no such dataset version.');
  return dto;
}

export async function findVersion(db: PrismaClient, id: string): Promise<DatasetVersion> {
  const row = await db.datasetVersion.findUnique({ where: { id } });
  if (!row) throw new EmendError('not_found', 'There is no such dataset version. It may belong to another project, or the address is wrong.');
  return row;
}

async function toDtos(db: PrismaClient, rows: readonly DatasetVersion[]): Promise<DatasetVersionDto[]> {
  const people = await db.user.findMany({ where: { id: { in: rows.map((r) => r.createdById) } }, select: { id: true, name: true } });
  const sources = await db.datasetVersion.findMany({ where: { id: { in: rows.flatMap((r) => r.restoredFromId ?? []) } }, select: { id: true, number: true } });
  const names = new Map(people.map((p) => [p.id, p.name]));
  const numbers = new Map(sources.map((v) => [v.id, v.number]));
  return rows.map((r) => ({
    id: r.id, number: r.number, parentId: r.parentId, restoredFrom: r.restoredFromId === null ? null : (numbers.get(r.restoredFromId) ?? null), hash: r.hash, stats: Value.Parse(DatasetStats, r.stats), note: r.note,
    createdBy: names.get(r.createdById) ?? 'somebody who left', createdAt: r.createdAt.toISOString(), classes: classesOf(r),
  }));
}

export function classesOf(version: Pick<DatasetVersion, 'classes'>): string[] {
  return Value.Parse(Names, version.classes);
}

/** The manifest that the hash was made of, from the stored rows. */
export async function readManifest(db: PrismaClient, id: string): Promise<Manifest> {
  const version = await db.datasetVersion.findUnique({ where: { id }, include: { project: { select: { task: true } } } });
  if (!version) throw new EmendError('not_found', 'There is no such dataset version.');
  const items = await db.datasetItem.findMany({ where: { datasetVersionId: id }, select: { split: true, source: true, labelsHash: true, image: { select: { sha256: true, width: true, height: true } } } });
  return manifestOf(version.project.task, classesOf(version), items.map((i) => ({ ...i.image, split: splitName(i.split), source: sourceOf(i.source), labelsHash: i.labelsHash })));
}

export async function readItems(db: PrismaClient, id: string, { after, limit, hidden }: { after: string | undefined; limit: number; hidden: readonly string[] }): Promise<{ items: Static<typeof DatasetItemDto>[]; total: number; next: string | null }> {
  const where = { datasetVersionId: id, AND: [{ imageId: { notIn: [...hidden] } }] };
  const total = await db.datasetItem.count({ where });
  const rows = await db.datasetItem.findMany({
    where: { ...where, ...(after === undefined ? {} : { imageId: { gt: after } }) }, orderBy: { imageId: 'asc' }, take: limit + 1, include: { image: { select: { name: true } } },
  });
  const page = rows.slice(0, limit);
  return {
    total, next: rows.length > limit ? (page.at(-1)?.imageId ?? null) : null,
    items: page.map((r) => ({ imageId: r.imageId, name: r.image.name, split: splitName(r.split), source: sourceOf(r.source), fresh: r.fresh, revisionId: r.revisionId, instances: readInstances(r.instances) })),
  };
}
