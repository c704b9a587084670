/** What is known of one image, as files describe it: the newest of revision, baseline and predictions. */
import type { Instance } from '#core/annotation/schema.ts';
import { InstanceSchema, PredictionSchema } from '#core/annotation/schema.ts';
import type { ImageAnnotations } from '#core/api/image.ts';
import { EmendError } from '#core/errors.ts';
import type { PrismaClient } from '#prisma';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { countingRevisions, type Eyes } from '../../blind.ts';
import { splitName } from '../images/index.ts';
import { readSettings } from '../projects/index.ts';

const Instances = Type.Array(InstanceSchema);
const Predictions = Type.Array(PredictionSchema);

export interface ClassLook { name: string; color: string }
export interface Labelled {
  id: string; name: string; sha256: string; displaySha256: string | null; width: number; height: number; split: 'train' | 'valid' | 'test';
  status: ImageAnnotations['status']; revision: number | null; classes: ClassLook[];
  /** What counts as its labels now. */
  corrected: Instance[];
  /** Of the newest prediction set, at or above the project's threshold. */
  predicted: Instance[];
}

/** `eyes`: whose, since of images that two people correct one must not see the other's labels yet. @throws EmendError `not_found` */
export async function readLabelled(db: PrismaClient, imageId: string, eyes: Eyes): Promise<Labelled> {
  const image = await db.image.findUnique({
    where: { id: imageId },
    include: {
      project: { include: { classes: { orderBy: { index: 'asc' } } } },
      revisions: { where: countingRevisions(eyes), orderBy: [{ createdAt: 'desc' }, { number: 'desc' }], take: 1 }, baselines: { orderBy: { createdAt: 'desc' }, take: 1 },
      predictionSets: { orderBy: { createdAt: 'desc' }, take: 1 }, tasks: { where: { predictionSetId: { not: null } }, orderBy: { createdAt: 'desc' }, take: 1, include: { predictionSet: true } },
    },
  });
  if (!image) throw new EmendError('not_found', 'There is no such image. It may belong to another project, or the address is wrong.');
  const { project, revisions: [revision], baselines: [baseline], predictionSets: [newest], tasks: [task] } = image;
  const classes: ClassLook[] = [];
  for (const row of project.classes) classes[row.index] = { name: row.name, color: row.color };
  const threshold = readSettings(project.settings).threshold;
  const set = task?.predictionSet ?? newest;
  const predicted = Value.Parse(Predictions, set?.instances ?? []).filter((p) => p.score >= threshold).map((p): Instance => ({ ...p, source: 'prediction' }));
  const own = revision ?? baseline;
  return {
    id: image.id, name: image.name, sha256: image.sha256, displaySha256: image.displaySha256, width: image.width, height: image.height, split: splitName(image.split),
    status: revision ? (revision.status === 'ok' ? 'ok' : 'corrected') : baseline ? 'baseline' : set ? 'predicted' : 'new', revision: revision?.number ?? null,
    classes: Array.from(classes, (c, i) => c ?? { name: `class ${i}`, color: '#999999' }), predicted,
    corrected: own ? Value.Parse(Instances, own.instances) : predicted,
  };
}

/** `maskAt` says where the mask of an instance is found: a URL of the API, or a path inside an export. */
export function toAnnotations(image: Labelled, maskAt: (instance: Instance) => string): ImageAnnotations {
  return {
    format: 'emend-image-1', imageId: image.id, name: image.name, sha256: image.sha256, width: image.width, height: image.height, split: image.split,
    status: image.status, revision: image.revision, classes: image.classes.map((c) => c.name),
    instances: image.corrected.map((i) => ({
      id: i.id, class: i.class, className: image.classes[i.class]?.name ?? `class ${i.class}`, box: [...i.box], source: i.source, score: i.score ?? null,
      mask: i.mask ? maskAt(i) : null, maskModel: i.maskModel ?? null,
    })),
  };
}
