import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { InstanceSchema, PredictionSchema, type Instance, type Prediction } from '#core/annotation/schema.ts';
import { Outcome, TaskState, type NextTasks, type TaskCard, type TaskDto } from '#core/api/image.ts';
import { EmendError } from '#core/errors.ts';
import type { Prisma, PrismaClient } from '#prisma';
import { readSettings } from '../projects/index.ts';

const CARD = { id: true, imageId: true, state: true, outcome: true, reason: true, image: { select: { name: true, width: true, height: true } } } satisfies Prisma.TaskSelect;
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

function card(row: CardRow): TaskCard {
  const { image } = row;
  return { id: row.id, imageId: row.imageId, name: image.name, state: stateOf(row.state), outcome: outcomeOf(row.outcome), reason: row.reason, width: image.width, height: image.height };
}

export function stateOf(state: string): Static<typeof TaskState> {
  if (!Value.Check(TaskState, state)) throw new TypeError(`a task is in the state ${state}`);
  return state;
}

export function outcomeOf(outcome: string | null): Static<typeof Outcome> | null {
  return Value.Check(Outcome, outcome) ? outcome : null;
}

/** The strip of images: the one in hand, what comes next for this person, and how much is left. */
export async function strip(db: PrismaClient, { projectId, iterationId }: Queue, userId: string, current: string | null): Promise<NextTasks> {
  const free: Prisma.TaskWhereInput = { OR: [{ state: 'pending' }, { state: 'assigned', assigneeId: userId }, { state: 'assigned', leaseUntil: { lt: new Date() } }] };
  const [row, rows, left, total] = await Promise.all([
    current === null ? null : db.task.findUnique({ where: { id: current }, select: CARD }),
    db.task.findMany({
      where: { projectId, ...free, ...(current === null ? {} : { id: { not: current } }) },
      // "assigned" sorts before "pending": what this person has in hand already comes first.
      orderBy: [{ state: 'asc' }, { priority: 'desc' }, { id: 'asc' }], take: UPCOMING, select: CARD,
    }),
    db.task.count({ where: { projectId, state: OPEN } }),
    db.task.count({ where: { projectId, OR: [{ iterationId }, { state: OPEN }] } }),
  ]);
  return { current: row && card(row), upcoming: rows.map(card), left, total };
}

/** The tasks of the iteration in work, in the queue's order; `state` narrows. */
export async function list(db: PrismaClient, { projectId, iterationId }: Queue, state: string | undefined): Promise<TaskCard[]> {
  const rows = await db.task.findMany({
    where: { projectId, OR: [{ iterationId }, { state: OPEN }], ...(state === undefined ? {} : { state }) }, orderBy: [{ priority: 'desc' }, { id: 'asc' }], take: 1000, select: CARD,
  });
  return rows.map(card);
}

/** All that the editor needs of one task beside its live document. */
export async function read(db: PrismaClient, id: string): Promise<TaskDto> {
  const row = await db.task.findUnique({ where: { id }, include: { image: true, project: true, iteration: true, predictionSet: { include: { model: true } } } });
  if (!row) throw new EmendError('not_found', 'There is no such task. It may have been removed, or the address is wrong.');
  const { image, predictionSet: set } = row;
  return {
    id, projectId: row.projectId, imageId: row.imageId, iteration: row.iteration.number, state: stateOf(row.state), outcome: outcomeOf(row.outcome),
    flagged: row.flagged, reason: row.reason, assigneeId: row.assigneeId,
    image: { id: image.id, name: image.name, width: image.width, height: image.height, split: image.split === 'valid' || image.split === 'test' ? image.split : 'train' },
    model: set && { id: set.model.id, name: set.model.name },
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
    db.task.count({ where: { iterationId, OR: [{ priority: { gt: priority } }, { priority, id: { lt: id } }] } }),
    db.task.count({ where: { iterationId } }),
  ]);
  return { index: before + 1, total };
}
