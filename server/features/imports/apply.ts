/**
 * Applying a plan: picture by picture, each with its labels or its task in one transaction. Killed at any point, it goes on where it was when
 * it runs again: what is there already is found by its hash.
 */
import { readFile } from 'node:fs/promises';
import type { Instance } from '#core/annotation/schema.ts';
import { shapeOf, type Shape } from '#core/dataset/yolo.ts';
import { EmendError } from '#core/errors.ts';
import { toBox, isEmpty } from '#core/geometry/rle.ts';
import { polygonToRle } from '#core/geometry/rasterise.ts';
import { newId } from '#core/ids.ts';
import type { PrismaClient } from '#prisma';
import { breather } from '../../breather.ts';
import type { JobHandle } from '../../context.ts';
import { insertImage, prepareImage, type Intake } from '../images/index.ts';
import { addClass } from '../projects/index.ts';
import { linkProject } from '../splits/index.ts';
import { createTask } from '../tasks/index.ts';
import type { UploadArea } from './area.ts';
import type { Draft, DraftItem } from './draft.ts';
import { commonRoot } from './paths.ts';
import { parsePatiently } from './patience.ts';

export interface ApplyInput extends Intake {
  db: PrismaClient;
  area: UploadArea;
  importId: string;
  projectId: string;
  draft: Draft;
  job: JobHandle;
  /** Called now and then while pictures come in. */
  onSome: () => void;
}

export interface Applied { images: number; labelled: number; tasks: number; failed: number }

export async function applyDraft(input: ApplyInput): Promise<Applied> {
  const { draft, job } = input;
  const targets = await makeClasses(input);
  const iterationId = await openIteration(input.db, input.projectId);
  const applied: Applied = { images: 0, labelled: 0, tasks: 0, failed: 0 };
  const rootLength = commonRoot(draft.items.map((item) => item.path)).length;
  for (const [i, item] of draft.items.entries()) {
    job.signal.throwIfAborted();
    job.progress(i, draft.items.length, 'Bringing in the pictures');
    await applyItem(input, item, targets, iterationId, applied, rootLength);
    if (i % 25 === 24) input.onSome();
  }
  job.progress(draft.items.length, draft.items.length, 'Comparing with the other pictures');
  await linkProject(input.db, input.projectId, { signal: job.signal });
  return applied;
}

/** Project class per class id of the export; null = skipped. */
async function makeClasses({ db, projectId, draft }: ApplyInput): Promise<(number | null)[]> {
  const known = await db.projectClass.findMany({ where: { projectId } });
  const targets: (number | null)[] = [];
  for (const { name, target } of draft.classes) {
    if (target === 'skip') targets.push(null);
    else if (target === 'new') targets.push(known.find((k) => k.name === name)?.index ?? (await addClass(db, projectId, { name })).index);
    else targets.push(target);
  }
  return targets;
}

/** The iteration that is under way; the first one is opened where there is none. */
async function openIteration(db: PrismaClient, projectId: string): Promise<string> {
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${projectId} FOR UPDATE`;
    const latest = await tx.iteration.findFirst({ where: { projectId }, orderBy: { number: 'desc' } });
    if (latest) return latest.id;
    return (await tx.iteration.create({ data: { id: newId(), projectId, number: 1 } })).id;
  });
}

async function applyItem(input: ApplyInput, item: DraftItem, targets: readonly (number | null)[], iterationId: string, applied: Applied, rootLength: number): Promise<void> {
  const { db, projectId, importId } = input;
  const there = await db.image.findUnique({ where: { projectId_sha256: { projectId, sha256: item.sha256 } }, select: { id: true, importId: true, baselines: { where: { importId }, select: { id: true } }, tasks: { select: { id: true }, take: 1 } } });
  const instances = item.labels === null ? null : await readInstances(input, item, targets);
  if (there && (instances === null ? there.importId !== importId || there.tasks.length > 0 : there.baselines.length > 0)) {
    if (there.importId === importId) applied.images++;
    return;
  }
  const prepared = await prepareImage(input, input.area.place(item.file), input.draft.window).catch((error: unknown) => {
    if (!(error instanceof EmendError) || !['invalid', 'unsupported', 'too_large'].includes(error.code)) throw error;
    return null;
  });
  if (!prepared) { applied.failed++; return; }
  await db.$transaction(async (tx) => {
    const { image, created } = await insertImage(tx, prepared, { projectId, importId, name: item.path.slice(rootLength), split: item.split, excluded: item.excluded ?? false });
    if (created) applied.images++;
    if (instances) {
      await tx.baselineLabel.createMany({ data: [{ id: newId(), imageId: image.id, importId, instances }], skipDuplicates: true });
      applied.labelled++;
    } else if (created) {
      await createTask(tx, { projectId, imageId: image.id, iterationId });
      applied.tasks++;
    }
  });
}

async function readInstances({ area, draft }: ApplyInput, item: DraftItem, targets: readonly (number | null)[]): Promise<Instance[]> {
  const text = await readFile(area.place(item.labels ?? ''), 'utf8');
  const breathe = breather();
  const instances: Instance[] = [];
  for (const row of (await parsePatiently(text)).rows) {
    await breathe();
    const target = targets[row.class];
    if (target === null || target === undefined) continue;
    const { shape } = shapeOf(row, item, draft.format ?? 'segment');
    if (shape) instances.push(toInstance(shape, target, item));
  }
  return instances;
}

/** A polygon becomes a mask with its tight box; one that covers no pixel centre stays a box. */
function toInstance(shape: Shape, target: number, item: DraftItem): Instance {
  const box: Instance = { id: newId(), source: 'baseline', class: target, box: shape.box };
  if (!shape.polygon) return box;
  const mask = polygonToRle([shape.polygon], item, 'nonzero');
  return isEmpty(mask) ? box : { ...box, box: toBox(mask) ?? shape.box, mask };
}
