import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { InstanceSchema, PredictionSchema, type Instance, type Prediction } from '#core/annotation/schema.ts';
import { Outcome, TaskState, type NextTasks, type TaskCard, type TaskDto } from '#core/api/image.ts';
import { EmendError } from '#core/errors.ts';
import type { Prisma, PrismaClient } from '#prisma';
import { hiddenTasks, maySee, type Eyes } from '../../blind.ts';
import { progressOfQueue } from '../../progress.ts';
import { readSettings } from '../projects/index.ts';
import { holderOf, RETURNED_MS } from './handOut.ts';
import { reviewDto } from './reviews.ts';

const CARD = { id: true, imageId: true, state: true, assigneeId: true, outcome: true, reason: true, review: true, blind: true, seenBy: true, image: { select: { name: true, width: true, height: true } } } satisfies Prisma.TaskSelect;
type CardRow = Prisma.TaskGetPayload<{ select: typeof CARD }>;
const UPCOMING = 8;
const OPEN = { in: ['pending', 'assigned'] };

/** Whatever is open in the project, and what is done of the iteration in work: unsubmitted edits of an earlier iteration stay in the queue. */
export interface Queue {
  projectId: string;
  iterationId: string;
}

const predictions = Compile(Type.Array(PredictionSchema));
const instances = Compile(Type.Array(InstanceSchema));

export function predictionsOf(stored: unknown): Prediction[] {
  if (predictions.Check(stored)) return stored;
  throw new TypeError('a prediction set does not hold predictions');
}
export function instancesOf(stored: unknown): Instance[] {
  if (instances.Check(stored)) return stored;
  throw new TypeError('stored labels are not instances');
}

/** Of a copy that is not theirs, these eyes learn no more than that it is there. */
function card(row: CardRow, eyes: Eyes): TaskCard {
  const { image } = row;
  return { id: row.id, imageId: row.imageId, name: image.name, state: stateOf(row.state), outcome: outcomeOf(row.outcome), reason: row.reason, sentBack: row.review === 'returned' && maySee(eyes, row), width: image.width, height: image.height };
}

export function stateOf(state: string): Static<typeof TaskState> {
  if (!Value.Check(TaskState, state)) throw new TypeError(`a task is in the state ${state}`);
  return state;
}

export function outcomeOf(outcome: string | null): Static<typeof Outcome> | null {
  return Value.Check(Outcome, outcome) ? outcome : null;
}

/**
 * Whether the project's model is just looking at images: until it is done nobody is given one that it has not looked at, which would read as "nothing was
 * found". Images of a project without a model, or that the model could not read, are handed out as they are.
 */
export async function isPredicting(db: PrismaClient, projectId: string): Promise<boolean> {
  const [row] = await db.$queryRaw<{ busy: boolean }[]>`
    SELECT "currentModelId" IS NOT NULL
      AND EXISTS (SELECT 1 FROM "Job" j WHERE j."projectId" = p.id AND j.kind IN ('predict', 'import') AND j.state IN ('queued', 'running')) AS busy
    FROM "Project" p WHERE p.id = ${projectId}`;
  return row?.busy ?? false;
}

/** The strip of images: the one in hand, what comes next for this person, and how much is left. */
export async function strip(db: PrismaClient, { projectId, iterationId }: Queue, userId: string, current: string | null, predicting: boolean): Promise<NextTasks> {
  const hidden = await hiddenTasks(db, projectId, userId);
  const free: Prisma.TaskWhereInput = { OR: [{ state: 'pending' }, { state: 'assigned', assigneeId: userId }, { state: 'assigned', leaseUntil: { lt: new Date() } }] };
  const notKept: Prisma.TaskWhereInput = { OR: [{ returnedToId: null }, { returnedToId: userId }, { returnedAt: { lt: new Date(Date.now() - RETURNED_MS) } }] };
  const ready: Prisma.TaskWhereInput = predicting ? { OR: [{ predictionSetId: { not: null } }, { dirty: true }, { state: 'assigned', assigneeId: userId }] } : {};
  const [row, holder, returned, others, progress] = await Promise.all([
    current === null ? null : db.task.findUnique({ where: { id: current }, select: CARD }),
    current === null ? null : holderOf(db, current, userId),
    db.task.findMany({ where: { projectId, ...free, returnedToId: userId, ...(current === null ? {} : { id: { not: current } }) }, orderBy: { returnedAt: 'asc' }, take: UPCOMING, select: CARD }),
    db.task.findMany({
      where: { projectId, AND: [free, notKept, ready], id: { notIn: [...hidden, ...(current === null ? [] : [current])] } },
      // "assigned" sorts before "pending": what this person has in hand already comes first.
      orderBy: [{ state: 'asc' }, { priority: 'desc' }, { copy: 'asc' }, { id: 'asc' }], take: 2 * UPCOMING, select: CARD,
    }),
    progressOfQueue(db, projectId, iterationId, userId),
  ]);
  // In the order of the hand-out: what was sent back to this person comes before anything new.
  const rows = [...others.filter((r) => r.state === 'assigned'), ...returned, ...others].filter((r, i, all) => all.findIndex((o) => o.id === r.id) === i);
  // Only what is this person's own is called assigned: the page goes there without asking first.
  // Of two copies that are both free, only one can become theirs.
  const upcoming = [...new Map(rows.toReversed().map((r) => [r.imageId, r])).values()].toReversed().slice(0, UPCOMING).map((r) => card(r.assigneeId === userId ? r : { ...r, state: 'pending' }, userId));
  return { current: row && card(row, userId), holder, upcoming, left: progress.left, total: progress.images, predicting: row === null && predicting && progress.left > 0 };
}

/** The tasks of the iteration in work, in the queue's order; `state` narrows. */
export async function list(db: PrismaClient, { projectId, iterationId }: Queue, state: string | undefined, eyes: Eyes): Promise<TaskCard[]> {
  const hidden = eyes === null ? [] : await hiddenTasks(db, projectId, eyes);
  const rows = await db.task.findMany({
    where: { projectId, id: { notIn: hidden }, OR: [{ iterationId }, { state: OPEN }], ...(state === undefined ? {} : { state }) }, orderBy: [{ priority: 'desc' }, { id: 'asc' }], take: 1000, select: CARD,
  });
  return rows.map((row) => card(row, eyes));
}

/** All that the editor needs of one task beside its live document. A copy that somebody may get, but has not begun, is to these eyes as if nobody had. */
export async function read(db: PrismaClient, id: string, userId: string, eyes: Eyes): Promise<TaskDto> {
  const row = await db.task.findUnique({ where: { id }, include: { image: true, project: true, iteration: true, predictionSet: { include: { model: true } }, reviews: { orderBy: { number: 'desc' }, take: 1 } } });
  if (!row) throw new EmendError('not_found', 'There is no such task. It may have been removed, or the address is wrong.');
  const { image, predictionSet: set } = row;
  const known = maySee(eyes, row);
  const review = known && row.review === 'returned' ? (row.reviews[0] ?? null) : null;
  return {
    id, projectId: row.projectId, imageId: row.imageId, iteration: row.iteration.number, state: known ? stateOf(row.state) : 'pending', outcome: outcomeOf(row.outcome),
    flagged: known && row.flagged, flagNote: known ? row.flagNote : null, reason: row.reason, sentBack: review && { review: await reviewDto(db, review), to: row.returnedToId }, assigneeId: known ? row.assigneeId : null,
    holder: known ? await holderOf(db, id, userId) : null, blind: row.blind, copy: row.copy,
    image: { id: image.id, name: image.name, width: image.width, height: image.height, split: image.split === 'valid' || image.split === 'test' ? image.split : 'train' },
    model: set && { id: set.model.id, name: set.model.name },
    predictionSetId: row.predictionSetId,
    predictions: set ? predictionsOf(set.instances) : [],
    threshold: readSettings(row.project.settings).threshold,
    baseline: set ? [] : await baselineOf(db, row.imageId),
    position: await positionOf(db, row),
  };
}

/** The newest baseline labels of an image that has no predictions. */
export async function baselineOf(db: Prisma.TransactionClient, imageId: string): Promise<Instance[]> {
  const row = await db.baselineLabel.findFirst({ where: { imageId }, orderBy: { createdAt: 'desc' } });
  return row ? instancesOf(row.instances) : [];
}

async function positionOf(db: PrismaClient, { id, iterationId, priority }: { id: string; iterationId: string; priority: number }): Promise<{ index: number; total: number }> {
  const [before, total] = await Promise.all([
    db.task.count({ where: { iterationId, copy: 0, OR: [{ priority: { gt: priority } }, { priority, id: { lt: id } }] } }),
    db.task.count({ where: { iterationId, copy: 0 } }),
  ]);
  return { index: before + 1, total };
}
