/** The review queue and one outcome of it, as they are read. */
import { asPredictions } from '#core/annotation/given.ts';
import type { ReviewCard, ReviewDetail, ReviewQueue, ReviewShelf } from '#core/api/review.ts';
import { EmendError } from '#core/errors.ts';
import type { Prisma, PrismaClient } from '#prisma';
import { visibleTasks, type Eyes } from '../../blind.ts';
import { baselineOf, outcomeOf, predictionsOf, reviewDto, reviewReasonOf, reviewStateOf, revisionDto, stateOf } from '../tasks/index.ts';
import { barredFrom, makersOf, reviewersOf } from './own.ts';

const CARD = {
  id: true, imageId: true, projectId: true, state: true, review: true, reviewReason: true, flagNote: true, image: { select: { name: true, width: true, height: true } },
  revisions: { orderBy: { number: 'desc' }, take: 1, select: { id: true, number: true, status: true, corrections: true, submittedById: true, authors: true, createdAt: true } },
} satisfies Prisma.TaskSelect;
type Row = Prisma.TaskGetPayload<{ select: typeof CARD }>;

export interface Asking {
  projectId: string;
  personId: string;
  eyes: Eyes;
}

const SHELVES: Record<ReviewShelf, Prisma.TaskWhereInput> = {
  queued: { state: 'submitted', review: 'queued' },
  returned: { review: 'returned' },
  accepted: { state: 'submitted', review: 'accepted' },
  submitted: { state: 'submitted' },
};
const OLDEST: Prisma.TaskOrderByWithRelationInput[] = [{ flagged: 'desc' }, { submittedAt: 'asc' }, { id: 'asc' }];
const NEWEST: Record<Exclude<ReviewShelf, 'queued'>, Prisma.TaskOrderByWithRelationInput[]> = {
  returned: [{ returnedAt: 'desc' }, { id: 'asc' }], accepted: [{ submittedAt: 'desc' }, { id: 'asc' }], submitted: [{ submittedAt: 'desc' }, { id: 'asc' }],
};

export async function readQueue(db: PrismaClient, { projectId, personId, eyes }: Asking, shelf: ReviewShelf, limit: number): Promise<ReviewQueue> {
  const of = (name: ReviewShelf): Prisma.TaskWhereInput => ({ projectId, AND: [visibleTasks(eyes)], revisions: { some: {} }, ...SHELVES[name] });
  const count = (name: ReviewShelf): Promise<number> => db.task.count({ where: of(name) });
  const [rows, queued, returned, accepted, submitted] = await Promise.all([
    db.task.findMany({ where: of(shelf), orderBy: shelf === 'queued' ? OLDEST : NEWEST[shelf], take: limit, select: CARD }),
    count('queued'), count('returned'), count('accepted'), count('submitted'),
  ]);
  const counts = { queued, returned, accepted, submitted };
  return { items: await cards(db, projectId, personId, rows), total: counts[shelf], counts };
}

async function cards(db: PrismaClient, projectId: string, personId: string, rows: readonly Row[]): Promise<ReviewCard[]> {
  const [reviewers, people] = await Promise.all([
    reviewersOf(db, projectId),
    db.user.findMany({ where: { id: { in: rows.flatMap((r) => r.revisions.map((v) => v.submittedById)) } }, select: { id: true, name: true } }),
  ]);
  return rows.flatMap(({ image, revisions: [revision], ...row }) => revision ? [{
    taskId: row.id, imageId: row.imageId, ...image, state: stateOf(row.state), review: reviewStateOf(row.review), reason: reviewReasonOf(row.reviewReason), flagNote: row.flagNote,
    revisionId: revision.id, number: revision.number, status: outcomeOf(revision.status) ?? ('corrected' as const), corrections: revision.corrections,
    submittedBy: people.find((p) => p.id === revision.submittedById) ?? { id: revision.submittedById, name: 'somebody who has left' }, submittedAt: revision.createdAt.toISOString(),
    barred: barredFrom(revision, personId, reviewers),
  }] : []);
}

/** @throws EmendError `not_found` while nobody has submitted. */
export async function readDetail(db: PrismaClient, taskId: string, personId: string): Promise<ReviewDetail> {
  const row = await db.task.findUniqueOrThrow({ where: { id: taskId }, select: CARD });
  const [card] = await cards(db, row.projectId, personId, [row]);
  if (!card) throw new EmendError('not_found', 'Nobody has submitted this image yet, so there is nothing to review.');
  const [revision, stored, reviews] = await Promise.all([
    revisionDto(db, card.revisionId),
    db.revision.findUniqueOrThrow({ where: { id: card.revisionId }, select: { docState: true, authors: true, submittedById: true, predictionSet: { select: { instances: true, model: { select: { name: true } } } } } }),
    db.review.findMany({ where: { taskId }, orderBy: { number: 'asc' } }),
  ]);
  const baseline = stored.predictionSet ? [] : await baselineOf(db, row.imageId);
  return {
    card, revision, predictions: stored.predictionSet ? predictionsOf(stored.predictionSet.instances) : [],
    baseline: asPredictions(baseline),
    model: stored.predictionSet?.model.name ?? null, document: Buffer.from(stored.docState).toString('base64'),
    reviews: await Promise.all(reviews.map((r) => reviewDto(db, r))),
    people: await db.user.findMany({ where: { id: { in: [...makersOf(stored)] } }, select: { id: true, name: true } }),
  };
}
