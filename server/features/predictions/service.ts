import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { ProjectSettings } from '#core/api/project.ts';
import type { Prediction } from '#core/annotation/schema.ts';
import { classResolver } from '#core/dataset/classes.ts';
import type { Inference, Prediction as Found } from '#inference';
import type { PrismaClient } from '#prisma';
import type { Blobs, Bus, JobHandle, Log } from '../../context.ts';
import { shownBlob } from '../images/index.ts';
import { chanceOf } from '../next/index.ts';
import { readSettings } from '../projects/index.ts';
import { seeImages } from './look.ts';
import { patiently } from './patiently.ts';
import { priorityOf } from './priority.ts';
import { assignSet, findSet, openIteration, saveSet, waitingImages, type WaitingImage } from './repository.ts';

/** Instances below this score are not kept: far under every useful threshold, so that the threshold can be lowered without predicting anew. */
export const SCORE_FLOOR = 0.05;
/** Of one picture, best first; the trainer measures with the same. */
export const MAX_OBJECTS = 1000;
/** After so many pictures in a row without one success the fault is the model's, not the pictures'. */
const HOPELESS = 5;
/** The loop bar and the grid are told at most this often. */
const TELL_MS = 1000;

export interface Parts {
  readonly db: PrismaClient;
  readonly blobs: Blobs;
  readonly bus: Bus;
  readonly inference: Inference;
  readonly log: Pick<Log, 'warn'>;
  /** Pictures at once. */
  readonly concurrency: number;
  /** Gives the waiting tasks of a project their places. */
  readonly rank: (projectId: string) => Promise<unknown>;
}

export interface Current {
  readonly modelId: string;
  readonly path: string;
  readonly classMap: readonly (number | null)[];
  readonly settings: ProjectSettings;
  readonly masks: boolean;
  /** Its file tells how it sees a whole picture. */
  readonly sees: boolean;
}

interface Tally {
  made: number;
  failed: number;
}

/**
 * Predicts every image of a project that waits to be corrected, with the project's current model, and gives each its task. May be cut off
 * anywhere and run again: what is there already is not made twice. When another model is promoted or images are added meanwhile, it goes on
 * with those.
 */
export async function predictProject(parts: Parts, projectId: string, job: JobHandle): Promise<string> {
  const tally: Tally = { made: 0, failed: 0 };
  /** Model and image of everything that was tried: each once, so that a broken picture ends as one failure. */
  const tried = new Set<string>();
  for (;;) {
    const current = await currentModel(parts, projectId);
    const images = (await waitingImages(parts.db, projectId)).filter(({ id }) => !tried.has(`${current.modelId} ${id}`));
    if (images.length === 0 || job.signal.aborted) {
      await putInOrder(parts, projectId, current, tally, job);
      return summary(tally);
    }
    for (const { id } of images) tried.add(`${current.modelId} ${id}`);
    await predictWith(parts, projectId, current, images, tally, job);
  }
}

/** The places come first: people wait for them. How the model sees what is labelled takes longer, and moves some of them. */
async function putInOrder(parts: Parts, projectId: string, current: Current, { made, failed }: Tally, job: JobHandle): Promise<void> {
  if (job.signal.aborted) return;
  await parts.rank(projectId);
  if (!current.sees) return;
  const seen = await seeImages(parts, projectId, current, { job, before: made + failed });
  if (seen > 0 && !job.signal.aborted) await parts.rank(projectId);
}

function summary({ made, failed }: Tally): string {
  const done = `${made} ${made === 1 ? 'image' : 'images'} predicted`;
  return failed === 0 ? done : `${done}, ${failed} could not be read and have no predictions`;
}

const ClassMap = Type.Array(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]));

export async function currentModel({ db, blobs, inference }: Parts, projectId: string): Promise<Current> {
  const project = await db.project.findUnique({ where: { id: projectId }, include: { classes: true } });
  if (!project) throw new EmendError('not_found', 'The project is gone; nothing was predicted.');
  const model = project.currentModelId === null ? null : await db.modelVersion.findUnique({ where: { id: project.currentModelId } });
  if (!model?.onnxSha256) {
    throw new EmendError('conflict', 'The project has no model that can predict. Import an ONNX model or train one, then promote it.');
  }
  const path = await blobs.path(model.onnxSha256);
  const present = classResolver(project.classes.map((c) => ({ index: c.index, retired: c.retiredAt !== null, mergedInto: c.mergedInto })));
  return {
    modelId: model.id,
    path,
    sees: (await inference.describeModel(path)).features > 0,
    classMap: Value.Check(ClassMap, model.classMap) ? model.classMap.map((index) => (index === null ? null : present(index))) : [],
    settings: readSettings(project.settings),
    masks: project.task === 'segment',
  };
}

async function predictWith(parts: Parts, projectId: string, current: Current, images: readonly WaitingImage[], tally: Tally, job: JobHandle): Promise<void> {
  const iterationId = await openIteration(parts.db, projectId, current.modelId);
  const before = tally.made + tally.failed;
  const total = before + images.length;
  const tell = teller(parts.bus, projectId);
  job.progress(before, total, 'Predicting');
  let next = 0;
  const work = async (): Promise<void> => {
    for (let position = next++; position < images.length && !job.signal.aborted; position = next++) {
      const image = images[position];
      if (image) await one(parts, { projectId, iterationId, image, position, current }, tally, job.signal);
      job.progress(tally.made + tally.failed, total, 'Predicting');
      tell();
    }
  };
  await Promise.all(Array.from({ length: parts.concurrency }, work));
  tell(true);
}

interface Item {
  readonly projectId: string;
  readonly iterationId: string;
  readonly image: WaitingImage;
  readonly position: number;
  readonly current: Current;
}

async function one(parts: Parts, item: Item, tally: Tally, signal: AbortSignal): Promise<void> {
  const { current, image } = item;
  try {
    const set = (await findSet(parts.db, image.id, current.modelId)) ?? (await predictImage(parts, current, image, signal));
    const order = priorityOf(set.instances, current.settings, chanceOf(image.sha256), item.position);
    const task = await assignSet(parts.db, { projectId: item.projectId, imageId: image.id, iterationId: item.iterationId, predictionSetId: set.id, ...order });
    if (task !== null) parts.bus.emit(item.projectId, { type: 'task', task, image: image.id, state: 'pending', by: null });
    tally.made += 1;
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof EmendError) || !['invalid', 'not_found', 'failed'].includes(error.code)) throw error;
    tally.failed += 1;
    parts.log.warn({ image: image.id, code: error.code }, 'an image could not be predicted');
    if (tally.made === 0 && tally.failed >= HOPELESS) throw error;
  }
}

async function predictImage(parts: Parts, current: Current, image: WaitingImage, signal: AbortSignal): Promise<{ id: string; instances: readonly Prediction[] }> {
  const path = await parts.blobs.path(shownBlob(image));
  const found = await patiently(() => parts.inference.predict(current.path, path, { conf: SCORE_FLOOR, masks: current.masks, maxDetections: MAX_OBJECTS }, signal), signal);
  const instances = toPredictions(found, current.classMap);
  return saveSet(parts.db, { imageId: image.id, modelId: current.modelId, instances, floor: SCORE_FLOOR, ms: found.ms, provider: found.provider, features: found.features ?? null });
}

/** In the project's classes as they are now; what the project has no class for, or has retired, is left out. */
function toPredictions(found: Found, classMap: readonly (number | null)[]): Prediction[] {
  return found.instances.flatMap((instance) => {
    const index = classMap[instance.class];
    if (index === null || index === undefined || instance.box[2] <= 0 || instance.box[3] <= 0) return [];
    return [{ id: newId(), class: index, box: instance.box, score: instance.score, ...(instance.mask ? { mask: instance.mask } : {}) }];
  });
}

function teller(bus: Bus, projectId: string): (now?: boolean) => void {
  let last = 0;
  return (now = false) => {
    if (!now && performance.now() - last < TELL_MS) return;
    last = performance.now();
    bus.emit(projectId, { type: 'loop' });
    bus.emit(projectId, { type: 'images' });
  };
}
