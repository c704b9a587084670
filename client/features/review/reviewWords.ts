import type { ReviewCard, ReviewShelf } from '#core/api/review.ts';

export const SHELVES: readonly { value: ReviewShelf; label: string }[] = [
  { value: 'queued', label: 'To review' }, { value: 'returned', label: 'Sent back' }, { value: 'accepted', label: 'Accepted' }, { value: 'submitted', label: 'All submitted' },
];

/** Why an outcome is in the queue. */
export function reasonWords({ reason, flagNote }: Pick<ReviewCard, 'reason' | 'flagNote'>): string {
  switch (reason) {
    case 'flagged': return flagNote ?? 'flagged';
    case 'share': return 'by share';
    case 'again': return 'submitted again';
    case 'changed': return 'changed after it was accepted';
    case null: return '';
  }
}

export function outcomeWords({ status, corrections }: Pick<ReviewCard, 'status' | 'corrections'>): string {
  return status === 'ok' ? 'found correct' : corrections === 1 ? '1 change' : `${corrections} changes`;
}

/** What an empty list says. */
export const EMPTY: Record<ReviewShelf, { title: string; text: string }> = {
  queued: { title: 'Nothing waits for review', text: 'Flagged images come here when they are submitted, and a share of all others if the project\'s settings say so. New ones appear by themselves.' },
  returned: { title: 'Nothing is sent back', text: 'Images that a reviewer sent back wait here until they are submitted again.' },
  accepted: { title: 'Nothing is accepted yet', text: 'What reviewers accept is listed here.' },
  submitted: { title: 'Nothing is submitted yet', text: 'Any submitted image can be reviewed, also if nobody asked for it.' },
};
