/** How well the people agree who corrected the same images without seeing each other. */
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { addUp, agreementOf, ceilingOf, compareImage, likeness, perClass, swapped, type Tally } from '#core/agreement/agreement.ts';
import { InstanceSchema } from '#core/annotation/schema.ts';
import type { AgreementDto } from '#core/api/team.ts';
import type { Prisma } from '#prisma';

const Instances = Type.Array(InstanceSchema);
const LEAST = 12;
/** Comparisons are kept, since revisions never change: the screen asks again after every submit. */
const known = new Map<string, Tally>();
const KNOWN = 5000;
type Db = Prisma.TransactionClient;

/** Of one copy: the revision with which it was done. */
export interface Outcome {
  revisionId: string;
  taskId: string;
  copy: number;
  measures: boolean;
  personId: string;
}
export interface Pair {
  imageId: string;
  a: Outcome;
  b: Outcome;
}

interface Row extends Outcome {
  imageId: string;
}

/**
 * The images of an iteration that two people have done, each with the newest outcome of either copy that was made blind. What is submitted when the other's
 * can be seen (both are done, or one was laid aside meanwhile) is no measure.
 */
export async function blindPairs(db: Db, iterationId: string, imageId?: string): Promise<Pair[]> {
  const rows = await db.revision.findMany({
    where: { blind: true, task: { iterationId, blind: false, ...(imageId === undefined ? {} : { imageId }), image: { tasks: { some: { iterationId, copy: 1, blind: false } } } } },
    orderBy: [{ createdAt: 'asc' }, { number: 'asc' }], select: { id: true, imageId: true, taskId: true, submittedById: true, task: { select: { copy: true, measures: true } } },
  });
  const images = Map.groupBy(rows.map((r): Row => ({ revisionId: r.id, imageId: r.imageId, taskId: r.taskId, personId: r.submittedById, ...r.task })), (r) => r.imageId);
  return [...images].flatMap(([id, revisions]) => {
    const [first, second] = [0, 1].map((copy) => revisions.filter((r) => r.copy === copy));
    const [a, b] = [first?.at(-1), second?.at(-1)];
    // One person who was given both (a reviewer may open what they like) agrees with themselves: that measures nothing.
    return a && b && a.personId !== b.personId ? [{ imageId: id, a, b }] : [];
  });
}

async function tallies(db: Db, pairs: readonly Pair[]): Promise<Map<Pair, Tally>> {
  const keyOf = ({ a, b }: Pair): string => `${a.revisionId} ${b.revisionId}`;
  const found = new Map<Pair, Tally>();
  const missing = pairs.filter((pair) => !known.has(keyOf(pair)));
  for (let i = 0; i < missing.length; i += 100) {
    const chunk = missing.slice(i, i + 100);
    const rows = await db.revision.findMany({ where: { id: { in: chunk.flatMap(({ a, b }) => [a.revisionId, b.revisionId]) } }, select: { id: true, instances: true } });
    const labels = new Map(rows.map((r) => [r.id, Value.Parse(Instances, r.instances)]));
    for (const pair of chunk) found.set(pair, compareImage(labels.get(pair.a.revisionId) ?? [], labels.get(pair.b.revisionId) ?? []));
  }
  for (const pair of pairs) found.set(pair, found.get(pair) ?? known.get(keyOf(pair)) ?? compareImage([], []));
  if (known.size > KNOWN) known.clear();
  for (const [pair, tally] of found) known.set(keyOf(pair), tally);
  return found;
}

/** All figures of one iteration. `number` is shown as it is. */
export async function readAgreement(db: Db, iteration: { id: string; number: number }): Promise<AgreementDto> {
  const pairs = await blindPairs(db, iteration.id);
  const compared = await tallies(db, pairs);
  const total = addUp(compared.values());
  const [people, images] = await Promise.all([
    db.user.findMany({ where: { id: { in: [...new Set(pairs.flatMap(({ a, b }) => [a.personId, b.personId]))] } }, select: { id: true, name: true } }),
    db.image.findMany({ where: { id: { in: pairs.map((p) => p.imageId) } }, select: { id: true, name: true, width: true, height: true } }),
  ]);
  const person = (id: string): { id: string; name: string } => people.find((p) => p.id === id) ?? { id, name: 'somebody who has left' };
  const image = new Map(images.map((i) => [i.id, i]));
  const of = (pair: Pair): Tally => compared.get(pair) ?? compareImage([], []);
  // Of two people always the same one first, whichever copy each had.
  const teams = Map.groupBy(pairs, ({ a, b }) => [a.personId, b.personId].toSorted().join(' '));
  return {
    iteration: iteration.number, total: agreementOf(total), ceiling: ceilingOf(total), perClass: perClass(total),
    pairs: [...teams].map(([key, own]) => {
      const [first = '', second = ''] = key.split(' ');
      return { first: person(first), second: person(second), ...agreementOf(addUp(own.map((p) => (p.a.personId === first ? of(p) : swapped(of(p)))))) };
    }).toSorted((p, q) => q.images - p.images),
    least: pairs.map((p) => ({ p, likeness: likeness(of(p)) })).filter(({ likeness: l }) => l < 0.9995).toSorted((x, y) => x.likeness - y.likeness || (x.p.imageId < y.p.imageId ? -1 : 1)).slice(0, LEAST).map(({ p, likeness: l }) => ({
      imageId: p.imageId, name: image.get(p.imageId)?.name ?? '', width: image.get(p.imageId)?.width ?? 1, height: image.get(p.imageId)?.height ?? 1,
      likeness: l, first: person(p.a.personId), second: person(p.b.personId),
    })),
  };
}
