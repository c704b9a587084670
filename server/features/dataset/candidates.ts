/** Reads what a freeze is made of. */
import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { InstanceSchema, type Instance } from '#core/annotation/schema.ts';
import { makeManifest, manifestText } from '#core/dataset/manifest.ts';
import { mergeDataset, type Candidate, type Chosen, type LeftOut, type RestoredItem } from '#core/dataset/merge.ts';
import { statsOf } from '#core/dataset/stats.ts';
import type { DatasetStats, Manifest } from '#core/api/dataset.ts';
import type { Prisma } from '#prisma';
import { countingRevisions } from '../../blind.ts';
import { splitName } from '../images/index.ts';

const Instances = Type.Array(InstanceSchema);
type Db = Prisma.TransactionClient;

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export function readInstances(json: unknown): Instance[] {
  return Value.Parse(Instances, json);
}

export interface Draft { chosen: Chosen[]; leftOut: Map<LeftOut, number>; stats: DatasetStats; hash: string; manifest: Manifest; classes: string[]; parent: { id: string; number: number; hash: string } | null }

/** What freezing now would give. Reads one consistent state when `db` is a transaction of level repeatable read. */
export async function draftVersion(db: Db, projectId: string): Promise<Draft> {
  const project = await db.project.findUniqueOrThrow({ where: { id: projectId }, include: { classes: { orderBy: { index: 'asc' } } } });
  const parent = await db.datasetVersion.findFirst({ where: { projectId }, orderBy: { number: 'desc' }, select: { id: true, number: true, hash: true } });
  const before = parent ? await db.datasetItem.findMany({ where: { datasetVersionId: parent.id }, select: { imageId: true, labelsHash: true } }) : [];
  const classes: string[] = [];
  for (const row of project.classes) classes[row.index] = row.name;
  const names = Array.from(classes, (name, i) => name ?? `class ${i}`);
  const { chosen, leftOut } = mergeDataset(await candidates(db, projectId), { parent: new Map(before.map((b) => [b.imageId, b.labelsHash])), hash: sha256 });
  const manifest = manifestOf(project.task, names, chosen);
  return { chosen, leftOut, stats: statsOf(chosen, names), hash: sha256(manifestText(manifest)), manifest, classes: names, parent };
}

export function manifestOf(task: string, classes: readonly string[], rows: readonly Pick<Chosen, 'sha256' | 'width' | 'height' | 'split' | 'source' | 'labelsHash'>[]): Manifest {
  return makeManifest(task, classes, rows.map((r) => ({ image: r.sha256, width: r.width, height: r.height, split: r.split, source: r.source, labels: r.labelsHash })));
}

async function candidates(db: Db, projectId: string): Promise<Candidate[]> {
  const restoredOf = await restoredVersion(db, projectId);
  const images = await db.image.findMany({
    where: { projectId }, orderBy: { sha256: 'asc' },
    select: {
      id: true, sha256: true, width: true, height: true, split: true, excluded: true,
      revisions: { where: countingRevisions(), orderBy: [{ createdAt: 'desc' }, { number: 'desc' }], take: 1, select: { id: true, predictionSetId: true, instances: true, task: { select: { review: true } } } },
      baselines: { orderBy: { createdAt: 'desc' }, take: 1, select: { id: true, instances: true } },
    },
  });
  return images.map(({ id, revisions: [revision], baselines: [baseline], split, ...rest }): Candidate => ({
    imageId: id, ...rest, split: splitName(split), predictions: null, returned: revision?.task.review === 'returned',
    revision: revision ? { id: revision.id, predictionSetId: revision.predictionSetId, instances: readInstances(revision.instances) } : null,
    baseline: baseline ? { id: baseline.id, instances: readInstances(baseline.instances) } : null,
    ...restoredOf(id, revision?.id ?? null, baseline?.id ?? null),
  }));
}

/** The latest restore of a project, as what `mergeDataset` wants to know of each image. By ids, not by clocks: a submit that was under way is newer. */
async function restoredVersion(db: Db, projectId: string): Promise<(imageId: string, revisionId: string | null, baselineId: string | null) => Pick<Candidate, 'restored'>> {
  const version = await db.datasetVersion.findFirst({ where: { projectId, restoredFromId: { not: null } }, orderBy: { number: 'desc' }, select: { id: true, marks: true } });
  if (!version) return () => ({});
  const marks = new Map(version.marks.map((mark) => [mark.imageId, mark]));
  const rows = await db.datasetItem.findMany({ where: { datasetVersionId: version.id }, select: { imageId: true, source: true, revisionId: true, baselineId: true, predictionSetId: true, instances: true } });
  const items = new Map(rows.map(({ imageId, source, instances, ...origin }): [string, RestoredItem] => [imageId, { ...origin, source: sourceOf(source), instances: readInstances(instances) }]));
  return (imageId, revisionId, baselineId) => {
    const mark = marks.get(imageId);
    return { restored: { item: items.get(imageId) ?? null, newRevision: revisionId !== (mark?.revisionId ?? null), newBaseline: baselineId !== (mark?.baselineId ?? null) } };
  };
}

export function sourceOf(source: string): Chosen['source'] {
  return source === 'revision' || source === 'pseudo' ? source : 'baseline';
}
