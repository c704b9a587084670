/** Which outcomes reviewers are asked to look at. */
import { lotOf } from '../agreement/overlap.ts';

/** Where the newest revision of a task stands. */
export type ReviewState = 'queued' | 'accepted' | 'returned';
/** flagged by a person · drawn by the project's share · submitted again after it was sent back · changed after it was accepted */
export type ReviewReason = 'flagged' | 'share' | 'again' | 'changed';

export interface Submission {
  taskId: string;
  flagged: boolean;
  /** Before this submit. */
  review: ReviewState | null;
  reason: ReviewReason | null;
  /** Of the project: 0 = only what is flagged, 1 = everything. */
  share: number;
}

/** Why a submit goes to the reviewers; null = it does not. What a reviewer has once had in hand comes back to them: their decision was on another outcome. */
export function queuedFor({ taskId, flagged, review, reason, share }: Submission): ReviewReason | null {
  if (review === 'returned') return 'again';
  if (review === 'accepted') return 'changed';
  if (review === 'queued' && (reason === 'again' || reason === 'changed')) return reason;
  if (flagged) return 'flagged';
  return isDrawn(taskId, share) ? 'share' : null;
}

/** By the task's id alone, which is random: nobody can know beforehand, and the answer is the same at every submit and on any machine. */
export function isDrawn(taskId: string, share: number): boolean {
  return lotOf(`review ${taskId}`) < share;
}
