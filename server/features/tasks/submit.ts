/** Submit: the live document of a task becomes an immutable revision. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Static } from 'typebox';
import * as Y from 'yjs';
import { readContent } from '#core/annotation/doc.ts';
import { asPredictions, mergeGiven } from '#core/annotation/given.ts';
import { isUntouched, liveAnnotations, mergeSubmission, withinPicture } from '#core/annotation/merge.ts';
import type { Prediction, TaskContent } from '#core/annotation/schema.ts';
import type { Submitted } from '#core/api/image.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { Prisma, PrismaClient, Revision } from '#prisma';
import { note } from '../../activity.ts';
import type { Bus, Person } from '../../context.ts';
import type { Rooms } from '../../sync/rooms.ts';
import { readSettings } from '../projects/index.ts';
import { isMadeBlind, lockPair, refuseInHand, settlePair } from './copies.ts';
import { baselineOf, predictionsOf } from './read.ts';
import { queueAt, reviewStateOf } from './reviews.ts';

/** Edits that are on their way when the submit arrives get this long. */
const ARRIVE_MS = 3000;

interface Parts {
  db: PrismaClient;
  rooms: Rooms;
  bus: Bus;
}

export interface SubmitInput {
  taskId: string;
  person: Person;
  /** Of the client's document. */
  stateVector: Uint8Array;
  timeMs: number;
  /** Prediction set that the person saw; undefined = not said. */
  saw?: string | null | undefined;
}

/**
 * Freezes the document as the server has it, which must hold every edit that the client counts. Submitting the same state again (a lost answer)
 * gives the same revision. @throws EmendError `conflict` when edits are missing, a colleague has the image in hand, or the predictions are not those
 * that the person saw.
 */
export async function submit({ db, rooms, bus }: Parts, input: SubmitInput): Promise<Static<typeof Submitted>> {
  const { taskId, person } = input;
  const revision = await rooms.with(taskId, async (room) => {
    await arrived(() => covers(room, input.stateVector));
    // A quick hand submits before the mask of the last box is there: it belongs to the revision.
    await rooms.quiet(taskId);
    await room.settled();
    const made = await db.$transaction((tx) => freeze(tx, input, room.doc), { timeout: 20_000 });
    room.closeFor(new EmendError('conflict', `${person.name} has submitted this image with all edits up to now. Go on with the next one, or open it again ("Back").`));
    return made;
  });
  const task = await db.task.findUniqueOrThrow({ where: { id: taskId }, select: { projectId: true, imageId: true, state: true, review: true } });
  bus.emit(task.projectId, { type: 'task', task: taskId, image: task.imageId, state: task.state, by: person.id });
  bus.emit(task.projectId, { type: 'review', task: taskId, state: reviewStateOf(task.review), by: person.id });
  bus.emit(task.projectId, { type: 'loop' });
  bus.emit(task.projectId, { type: 'activity' });
  return submitted(revision);
}

function covers(room: { covers: (stateVector: Uint8Array) => boolean }, stateVector: Uint8Array): boolean {
  try {
    return room.covers(stateVector);
  } catch {
    throw new EmendError('invalid', 'The submit came with a document state that cannot be read. Nothing was submitted; reload the page and submit again.');
  }
}

async function arrived(complete: () => boolean): Promise<void> {
  for (const until = Date.now() + ARRIVE_MS; !complete(); await sleep(25)) {
    if (Date.now() > until) throw new EmendError('conflict', 'Some of your edits have not reached the server yet, so nothing was submitted. They are kept in this browser; wait until it says "saved" and submit again.');
  }
}

async function freeze(tx: Prisma.TransactionClient, { taskId, person, timeMs, saw }: SubmitInput, doc: Y.Doc): Promise<Revision> {
  // The same row lock that every edit takes: after this, none can come in before the state says submitted.
  const pair = await lockPair(tx, taskId);
  const locked = pair.find((t) => t.id === taskId);
  const task = await tx.task.findUnique({ where: { id: taskId }, include: { predictionSet: true, project: true, image: { select: { name: true, width: true, height: true } }, revisions: { orderBy: { number: 'desc' }, take: 1 } } });
  if (!locked || !task) throw new EmendError('not_found', 'There is no such task. It may have been removed.');
  const last = task.revisions[0];
  if (locked.state === 'submitted' && last) return last;

  // A submit that waited for its connection must not take an unfinished image out of the hands of whoever has it since.
  await refuseInHand(tx, taskId, person, (holder) => `Your boxes are saved in it; ${holder} submits them.`);
  if (saw !== undefined && saw !== task.predictionSetId) {
    throw new EmendError('conflict', 'The model has looked at this image anew since you opened it, so what you saw is not what would be kept. Nothing was submitted, and your edits are saved. Open the image again and look once more.');
  }
  // An image without predictions keeps the labels that it came with, but for those that were corrected.
  const given = task.predictionSet ? null : await baselineOf(tx, task.imageId);
  const predictions = given ? asPredictions(given) : predictionsOf(task.predictionSet?.instances);
  const { threshold, review: share } = readSettings(task.project.settings);
  const content = readContent(doc);
  const status = isUntouched(predictions, content) ? 'ok' : 'corrected';
  const revision = await tx.revision.create({
    data: {
      id: newId(), taskId, imageId: task.imageId, number: (last?.number ?? 0) + 1, iterationId: task.iterationId, predictionSetId: task.predictionSetId,
      status, instances: withinPicture(given ? mergeGiven(given, content) : mergeSubmission(predictions, content, threshold), task.image), verdicts: Object.fromEntries(content.verdicts), threshold,
      authors: authorsOf(content, person), submittedById: person.id, timeMs, corrections: correctionsOf(content, predictions), docState: new Uint8Array(Y.encodeStateAsUpdate(doc)), blind: isMadeBlind(pair, taskId, person.id) && !(await wasSentBack(tx, taskId)),
    },
  });
  // Of two copies, the one that is submitted first is the image's label; the other measures how well two people agree.
  const measures = last ? task.measures : (await tx.revision.count({ where: { task: { id: { in: pair.filter((t) => t.id !== taskId).map((t) => t.id) } } } })) > 0;
  await tx.task.update({ where: { id: taskId }, data: { state: 'submitted', outcome: status, dirty: false, submittedAt: new Date(), leaseUntil: null, skipReason: null, measures, ...queueAt(task, share), returnedToId: null, returnedAt: null } });
  await settlePair(tx, taskId);
  // What one of two found is not told before the other is done.
  await note(tx, task.projectId, person.id, 'submitted', task.blind ? `submitted ${task.image.name}` : status === 'ok' ? `found ${task.image.name} correct` : `corrected ${task.image.name}`);
  return revision;
}

/** Everybody whose edits are in the document; of an untouched one, whoever found it correct. */
function authorsOf(content: TaskContent, person: Person): string[] {
  const by = [...content.annotations.values(), ...content.verdicts.values()].map((entry) => entry.by);
  return by.length ? [...new Set(by)].toSorted() : [person.id];
}

/** Annotations, and predictions rejected without one in their place. */
function correctionsOf({ annotations, verdicts }: TaskContent, predictions: readonly Prediction[]): number {
  const live = liveAnnotations(annotations);
  const replaced = new Set([...live.values()].flatMap((a) => a.of ?? []));
  return live.size + predictions.filter((p) => verdicts.has(p.id) && !replaced.has(p.id)).length;
}

function submitted(revision: Revision): Static<typeof Submitted> {
  return { revisionId: revision.id, number: revision.number, status: revision.status === 'ok' ? 'ok' : 'corrected', instances: Array.isArray(revision.instances) ? revision.instances.length : 0 };
}

/** What a reviewer has said about an outcome may have come from the other one of two: what follows it measures nothing. */
async function wasSentBack(tx: Prisma.TransactionClient, taskId: string): Promise<boolean> {
  return (await tx.review.count({ where: { taskId, verdict: 'returned' } })) > 0;
}
