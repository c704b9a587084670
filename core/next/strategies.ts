import type { ProjectSettings } from '#core/api/project.ts';
import { disagreement } from './disagreement.ts';
import type { Queue, Ranked, Strategy, Waiting } from './queue.ts';
import { BY_CHANCE, BY_IMPORT, differenceWords, unsureWords, usualDistance, withLook } from './reason.ts';
import { spread } from './spread.ts';
import { uncertainty } from './uncertainty.ts';

/** Every so manieth image comes by chance, whatever the model thinks of it: else nobody would ever see what it is wrongly sure of. */
export const CHANCE_EVERY = 5;

/** The orders that a project may choose from. A new one: a function here, a word in ProjectSettings.order, a line on the Settings page. */
export const STRATEGIES: Readonly<Record<ProjectSettings['order'], Strategy>> = {
  uncertain: (queue) => chosen(queue, scoresOf(queue), (one) => unsureWords(one.found, queue)),
  disagreement: (queue) => byDisagreement(queue),
  random: ({ images }) => byChance(images).map((image) => ({ image, reason: BY_CHANCE })),
  sequential: ({ images }) => images.map((_, image) => ({ image, reason: BY_IMPORT })),
};

/** Images in which the model found nothing, or has not looked, count as the average one: they may be empty, or full of what it misses. */
function scoresOf(queue: Queue): Float64Array {
  const told = queue.images.map(({ found }) => (found === null ? null : uncertainty(found, queue)));
  return withAverage(told);
}

function withAverage(told: readonly (number | null)[]): Float64Array {
  const all = told.filter((score) => score !== null);
  const average = all.length === 0 ? 0 : all.reduce((a, b) => a + b, 0) / all.length;
  return Float64Array.from(told, (score) => score ?? average);
}

/** Where only one of the models has looked, its own doubts decide; as shares of the average, so that the two can stand in one list. */
function byDisagreement(queue: Queue): Ranked[] {
  const compared = queue.images.map(({ found, former }) => (found && former ? disagreement(found, former, queue) : null));
  const shares = compared.map((one) => one?.share ?? null);
  const average = (values: readonly (number | null)[]): number => { const all = values.filter((v) => v !== null); return all.reduce((a, b) => a + b, 0) / Math.max(1, all.length); };
  const doubts = scoresOf(queue);
  const scale = average(shares) / (average([...doubts]) || 1);
  const scores = Float64Array.from(shares, (share, i) => share ?? Math.min(1, (doubts[i] ?? 0) * (shares.every((s) => s === null) ? 1 : scale)));
  return chosen(queue, scores, (one, i) => { const seen = compared[i]; return seen ? differenceWords(seen.different, queue) : unsureWords(one.found, queue); });
}

/** The most telling and most different first, every CHANCE_EVERY-th by chance. */
function chosen(queue: Queue, scores: Float64Array, words: (one: Waiting, image: number) => string): Ranked[] {
  const { order, fromLabelled } = spread(scores, queue.looks, queue.labelled);
  const usual = usualDistance(queue.labelled);
  return mixed(order, byChance(queue.images)).map(({ image, chance }) => {
    const one = queue.images[image];
    return { image, reason: chance || !one ? BY_CHANCE : withLook(words(one, image), fromLabelled[image] ?? NaN, usual) };
  });
}

function byChance(images: readonly Waiting[]): number[] {
  return [...images.keys()].sort((a, b) => (images[a]?.chance ?? 0) - (images[b]?.chance ?? 0) || a - b);
}

/** Each image once: from `order`, and in every CHANCE_EVERY-th place the next of `dice` that has not been yet. */
function mixed(order: readonly number[], dice: readonly number[]): { image: number; chance: boolean }[] {
  const done = new Uint8Array(order.length);
  const next = (from: Iterator<number>): number | null => {
    for (;;) {
      const { value, done: ended } = from.next();
      if (ended === true) return null;
      if (done[value] === 0) { done[value] = 1; return value; }
    }
  };
  const [first, second] = [order.values(), dice.values()];
  const out: { image: number; chance: boolean }[] = [];
  for (let place = 1; place <= order.length; place++) {
    const chance = place % CHANCE_EVERY === 0;
    const image = next(chance ? second : first);
    if (image !== null) out.push({ image, chance });
  }
  return out;
}
