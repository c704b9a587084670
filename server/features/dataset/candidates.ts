/** Reads what a freeze is made of. */
import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { InstanceSchema, PredictionSchema, type Instance, type Prediction } from '#core/annotation/schema.ts';
import { classResolver } from '#core/dataset/classes.ts';
import { makeManifest, manifestText } from '#core/dataset/manifest.ts';
import { mergeDataset, type Candidate, type Chosen, type Merged, type RestoredItem } from '#core/dataset/merge.ts';
import { statsOf } from '#core/dataset/stats.ts';
import type { DatasetStats, Manifest } from '#core/api/dataset.ts';
import type { Prisma } from '#prisma';
import { countingRevisions } from '../../blind.ts';
import { splitName } from '../images/index.ts';

const Instances = Type.Array(InstanceSchema);
const Predictions = Type.Array(PredictionSchema);
type Db = Prisma.TransactionClient;

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export function readInstances(json: unknown): Instance[] {
  return Value.Parse(Instances, json);
}

export interface Draft extends Merged { stats: DatasetStats; hash: string; manifest: Manifest; classes: string[]; classOf: (index: number) => number | null; parent: { id: string; number: number; hash: string } | null }

/**
 * What freezing now would give. Reads one consistent state when `db` is a transaction of level repeatable read. `pseudo`: predictions of this score and more
 * become labels where nobody has labelled; absent = none do.
 */
export async function draftVersion(db: Db, projectId: string, pseudo?: number): Promise<Draft> {
  const project = await db.project.findUniqueOrThrow({ where: { id: projectId }, include: { classes: { orderBy: { index: 'asc' } } } });
  const parent = await db.datasetVersion.findFirst({ where: { projectId }, orderBy: { number: 'desc' }, select: { id: true, number: true, hash: true } });
  const before = parent ? await db.datasetItem.findMany({ where: { datasetVersionId: parent.id }, select: { imageId: true, labelsHash: true, revisionId: true } }) : [];
  const classes: string[] = [];
  for (const row of project.classes) classes[row.index] = row.name;
  const names = Array.from(classes, (name, i) => name ?? `class ${i}`);
  const classOf = classResolver(project.classes.map((c) => ({ index: c.index, retired: c.retiredAt !== null, mergedInto: c.mergedInto })));
  const predictions = pseudo === undefined ? new Map<string, Candidate['predictions']>() : await unlabelled(db, projectId, project.currentModelId);
  const merged = mergeDataset(await candidates(db, projectId, predictions), {
    parent: new Map(before.map(({ imageId, ...item }) => [imageId, item])), classOf, hash: sha256, ...(pseudo === undefined ? {} : { pseudoThreshold: pseudo }),
  });
  const manifest = manifestOf(project.task, names, merged.chosen);
  return { ...merged, stats: statsOf(merged.chosen, names), hash: sha256(manifestText(manifest)), manifest, classes: names, classOf, parent };
}

export function manifestOf(task: string, classes: readonly string[], rows: readonly Pick<Chosen, 'sha256' | 'width' | 'height' | 'split' | 'source' | 'labelsHash'>[]): Manifest {
  return makeManifest(task, classes, rows.map((r) => ({ image: r.sha256, width: r.width, height: r.height, split: r.split, source: r.source, labels: r.labelsHash })));
}

/** What the current model found on the images that nobody has labelled. */
async function unlabelled(db: Db, projectId: string, modelId: string | null): Promise<Map<string, Candidate['predictions']>> {
  if (modelId === null) return new Map();
  const sets = await db.predictionSet.findMany({
    where: { modelId, image: { projectId, split: 'train', excluded: false, revisions: { none: {} }, baselines: { none: {} } } }, select: { id: true, imageId: true, instances: true },
  });
  return new Map(sets.map((set) => [set.imageId, { id: set.id, instances: Value.Parse(Predictions, set.instances) satisfies Prediction[] }]));
}

/** The labels of some images as freezing now would take them, in the classes as they are now. Images that it would leave out are not among them. */
export async function acceptedLabels(db: Db, projectId: string, imageIds: readonly string[]): Promise<Map<string, Chosen>> {
  const classes = await db.projectClass.findMany({ where: { projectId } });
  const classOf = classResolver(classes.map((c) => ({ index: c.index, retired: c.retiredAt !== null, mergedInto: c.mergedInto })));
  const { chosen } = mergeDataset(await candidates(db, projectId, new Map(), imageIds), { parent: new Map(), classOf, hash: sha256 });
  return new Map(chosen.map((item) => [item.imageId, item]));
}

async function candidates(db: Db, projectId: string, predictions: ReadonlyMap<string, Candidate['predictions']>, only?: readonly string[]): Promise<Candidate[]> {
  const some = only === undefined ? {} : { in: [...only] };
  const restoredOf = await restoredVersion(db, projectId, some);
  const images = await db.image.findMany({
    where: { projectId, id: some }, orderBy: { sha256: 'asc' },
    select: {
      id: true, sha256: true, width: true, height: true, split: true, excluded: true,
      revisions: { where: countingRevisions(), orderBy: [{ createdAt: 'desc' }, { number: 'desc' }], take: 1, select: { id: true, predictionSetId: true, status: true, instances: true, task: { select: { review: true } } } },
      baselines: { orderBy: { createdAt: 'desc' }, take: 1, select: { id: true, instances: true } },
    },
  });
  return images.map(({ id, revisions: [revision], baselines: [baseline], split, ...rest }): Candidate => ({
    imageId: id, ...rest, split: splitName(split), predictions: predictions.get(id) ?? null, returned: revision?.task.review === 'returned',
    revision: revision ? { id: revision.id, predictionSetId: revision.predictionSetId, status: statusOf(revision.status), instances: readInstances(revision.instances) } : null,
    baseline: baseline ? { id: baseline.id, instances: readInstances(baseline.instances) } : null,
    ...restoredOf(id, revision?.id ?? null, baseline?.id ?? null),
  }));
}

/** The latest restore of a project, as what `mergeDataset` wants to know of each image. By ids, not by clocks: a submit that was under way is newer. */
async function restoredVersion(db: Db, projectId: string, imageId: { in?: string[] }): Promise<(imageId: string, revisionId: string | null, baselineId: string | null) => Pick<Candidate, 'restored'>> {
  const version = await db.datasetVersion.findFirst({ where: { projectId, restoredFromId: { not: null } }, orderBy: { number: 'desc' }, select: { id: true, marks: { where: { imageId } } } });
  if (!version) return () => ({});
  const marks = new Map(version.marks.map((mark) => [mark.imageId, mark]));
  const rows = await db.datasetItem.findMany({ where: { datasetVersionId: version.id, imageId }, select: { imageId: true, source: true, revisionId: true, baselineId: true, predictionSetId: true, instances: true, revision: { select: { status: true } } } });
  const items = new Map(rows.map(({ imageId, source, instances, revision, ...origin }): [string, RestoredItem] =>
    [imageId, { ...origin, source: sourceOf(source), status: revision && statusOf(revision.status), instances: readInstances(instances) }]));
  return (imageId, revisionId, baselineId) => {
    const mark = marks.get(imageId);
    return { restored: { item: items.get(imageId) ?? null, newRevision: revisionId !== (mark?.revisionId ?? null), newBaseline: baselineId !== (mark?.baselineId ?? null) } };
  };
}

function statusOf(status: string): 'ok' | 'corrected' {
  return status === 'ok' ? 'ok' : 'corrected';
}

export function sourceOf(source: string): Chosen['source'] {
  return source === 'revision' || source === 'pseudo' ? source : 'baseline';
}
