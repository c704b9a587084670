/** Accept, or send back: one immutable row, and what becomes of the task. */
import type { ReviewDto } from '#core/api/image.ts';
import type { Decide } from '#core/api/review.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { Prisma, PrismaClient, Review, Revision, Task } from '#prisma';
import { note } from '../../activity.ts';
import type { Bus, Person } from '../../context.ts';
import { lockPair, reviewDto, settlePair } from '../tasks/index.ts';
import { barredFrom, reviewersOf } from './own.ts';

interface Subject {
  task: Task & { image: { name: string; width: number; height: number } };
  revision: Revision;
  last: Review | null;
}

/**
 * Decides on the newest revision of a task. @throws EmendError `conflict` when it has been submitted, taken in hand or decided on since the person looked,
 * `forbidden` for own work, `invalid` for a send-back without a comment or a pin beside the picture.
 */
export async function decide({ db, bus }: { db: PrismaClient; bus: Bus }, taskId: string, person: Person, body: Decide): Promise<ReviewDto> {
  const comment = body.comment?.trim() || null;
  if (body.verdict === 'returned' && comment === null) throw new EmendError('invalid', 'Sending an image back needs a comment that says what to change. Nothing was sent; write one and send it again.');
  const { review, task } = await db.$transaction(async (tx) => {
    // The same row lock that a submit and every edit take: two reviewers decide one after the other, and the second is told.
    await lockPair(tx, taskId);
    const subject = await find(tx, taskId);
    await refuseStale(tx, subject, body);
    const barred = barredFrom(subject.revision, person.id, await reviewersOf(tx, subject.task.projectId));
    if (barred !== null) throw new EmendError('forbidden', barred);
    refuseOutside(subject, body.pin);
    const row = await tx.review.create({ data: rowOf(subject, person, body, comment) });
    await tx.task.update({ where: { id: taskId }, data: body.verdict === 'accepted' ? accepted(subject) : returned(subject) });
    // A send-back that is taken back makes it submitted again, perhaps as the second of two.
    if (body.verdict === 'accepted') await settlePair(tx, taskId);
    await note(tx, subject.task.projectId, person.id, 'reviewed', wordsFor(subject.task, row));
    return { review: await reviewDto(tx, row), task: subject.task };
  });
  bus.emit(task.projectId, { type: 'review', task: taskId, state: body.verdict, by: person.id });
  bus.emit(task.projectId, { type: 'task', task: taskId, image: task.imageId, state: body.verdict === 'accepted' ? 'submitted' : 'pending', by: person.id });
  for (const type of ['loop', 'activity'] as const) bus.emit(task.projectId, { type });
  return review;
}

/** Of an image that a second person corrects blind, everybody may read that it was reviewed, and not how. */
function wordsFor({ blind, image }: Subject['task'], { verdict, comment }: Review): string {
  if (blind) return `reviewed ${image.name}`;
  return comment === null || verdict === 'accepted' ? `accepted ${image.name}` : `sent ${image.name} back: ${comment}`;
}

async function find(tx: Prisma.TransactionClient, taskId: string): Promise<Subject> {
  const task = await tx.task.findUniqueOrThrow({
    where: { id: taskId }, include: { image: { select: { name: true, width: true, height: true } }, revisions: { orderBy: { number: 'desc' }, take: 1 }, reviews: { orderBy: { number: 'desc' }, take: 1 } },
  });
  const [revision] = task.revisions;
  if (!revision) throw new EmendError('conflict', 'Nobody has submitted this image yet, so there is nothing to review.');
  return { task, revision, last: task.reviews[0] ?? null };
}

async function refuseStale(tx: Prisma.TransactionClient, { task, revision, last }: Subject, body: Decide): Promise<void> {
  const nameOf = async (id: string | null): Promise<string> => (id === null ? null : (await tx.user.findUnique({ where: { id }, select: { name: true } }))?.name) ?? 'Somebody';
  if (revision.id !== body.revisionId) {
    throw new EmendError('conflict', `${await nameOf(revision.submittedById)} has submitted this image again since you opened it, so your decision would be about an older outcome. Nothing was changed; look at the newer one.`);
  }
  if ((last?.number ?? 0) !== body.seen) {
    throw new EmendError('conflict', `${await nameOf(last?.byId ?? null)} has ${last?.verdict === 'accepted' ? 'accepted this image' : 'sent this image back'} meanwhile. Nothing was changed; look at it again before you decide otherwise.`);
  }
  // A send-back can be taken back as long as nobody has begun on it.
  const untouched = task.state === 'pending' && task.review === 'returned' && last?.docSeq === task.docSeq;
  if (task.state !== 'submitted' && !untouched) {
    throw new EmendError('conflict', `${task.state === 'assigned' ? `${await nameOf(task.assigneeId)} has` : 'Somebody has'} taken this image in hand again. Nothing was changed; it comes back to the reviewers when it is submitted.`);
  }
}

function refuseOutside({ task }: Subject, pin: Decide['pin']): void {
  if (pin === undefined) return;
  const [x, y] = pin;
  if (!(x >= 0 && y >= 0 && x <= task.image.width && y <= task.image.height)) throw new EmendError('invalid', 'The pin lies beside the picture. Nothing was sent; put it on the picture.');
}

function rowOf({ task, revision, last }: Subject, person: Person, { verdict, pin }: Decide, comment: string | null): Prisma.ReviewUncheckedCreateInput {
  return {
    id: newId(), projectId: task.projectId, taskId: task.id, revisionId: revision.id, number: (last?.number ?? 0) + 1, verdict, comment, pinX: pin?.[0] ?? null, pinY: pin?.[1] ?? null,
    docSeq: task.docSeq, byId: person.id,
  };
}

/** Also takes a send-back back that nobody has begun on: the outcome is what it was. */
const accepted = ({ revision }: Subject): Prisma.TaskUncheckedUpdateInput => ({
  state: 'submitted', outcome: revision.status, submittedAt: revision.createdAt, dirty: false, review: 'accepted', flagged: false, flagNote: null, returnedToId: null, returnedAt: null,
});

/** To be done again, with the document as it was; like every begun task it keeps the predictions that it was made on. */
function returned({ revision }: Subject): Prisma.TaskUncheckedUpdateInput {
  return { state: 'pending', outcome: null, submittedAt: null, dirty: true, assigneeId: null, leaseUntil: null, review: 'returned', returnedToId: revision.submittedById, returnedAt: new Date() };
}
