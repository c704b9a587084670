/** What a task knows of its reviews: when it is queued, and the decision that its annotator reads. Deciding is the feature `reviews`. */
import { Value } from 'typebox/value';
import { ReviewReason, ReviewState, type ReviewDto } from '#core/api/image.ts';
import { queuedFor, type ReviewReason as Reason, type ReviewState as State } from '#core/review/queue.ts';
import type { Prisma, Review } from '#prisma';

export function reviewStateOf(stored: string | null): State | null {
  return Value.Check(ReviewState, stored) ? stored : null;
}

export function reviewReasonOf(stored: string | null): Reason | null {
  return Value.Check(ReviewReason, stored) ? stored : null;
}

interface Standing {
  id: string;
  flagged: boolean;
  review: string | null;
  reviewReason: string | null;
}
type Queued = Pick<Prisma.TaskUncheckedUpdateInput, 'review' | 'reviewReason'>;

/** What a submit makes of it; `share` is the project's setting. */
export function queueAt(task: Standing, share: number): Queued {
  const reason = queuedFor({ taskId: task.id, flagged: task.flagged, review: reviewStateOf(task.review), reason: reviewReasonOf(task.reviewReason), share });
  return { review: reason && 'queued', reviewReason: reason };
}

/** What a flag makes of a submitted task; before its submit nothing. A decision stands when a flag is taken away. */
export function queueAfterFlag(task: Standing & { state: string }, share: number): Queued {
  if (task.state !== 'submitted') return {};
  if (task.review === 'queued' && task.reviewReason !== 'flagged') return {};
  if (task.flagged) return { review: 'queued', reviewReason: 'flagged' };
  return task.review === 'queued' ? queueAt({ ...task, review: null, reviewReason: null }, share) : {};
}

export async function reviewDto(db: Prisma.TransactionClient, row: Review): Promise<ReviewDto> {
  const by = await db.user.findUnique({ where: { id: row.byId }, select: { id: true, name: true } });
  return {
    id: row.id, number: row.number, revisionId: row.revisionId, verdict: row.verdict === 'accepted' ? 'accepted' : 'returned', comment: row.comment,
    pin: row.pinX === null || row.pinY === null ? null : [row.pinX, row.pinY], by: by ?? { id: row.byId, name: 'somebody who has left' }, at: row.createdAt.toISOString(),
  };
}
