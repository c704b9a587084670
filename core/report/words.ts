/** The sentences of a report, for the page and the file alike. Pure. */
import type { Expectation, Report } from '#core/api/report.ts';
import { count, counted, duration, score, signed } from '#core/words.ts';
import { NEXT_CORRECTIONS } from './expectation.ts';

/** Difference in mAP50-95 of the two models; null = one of them was not measured. */
export function gainOf({ models }: Pick<Report, 'models'>): number | null {
  const [before, after] = [models.old?.metrics?.map ?? null, models.new?.metrics?.map ?? null];
  return before === null || after === null ? null : after - before;
}

/** Models are told apart by their numbers, as everywhere; the name is a run's or an uploaded file's. */
export function modelWords(model: { number: number } | null | undefined): string {
  return model ? `model ${model.number}` : '–';
}

/** How sure the difference is; null = too few pictures carry an interval. */
export function intervalWords({ training }: Pick<Report, 'training'>): string | null {
  return training?.interval ? `between ${signed(training.interval.low)} and ${signed(training.interval.high)} (95 %)` : null;
}

/** What became of the iteration, in one sentence. */
export function outcomeWords({ models, training, endedAt, quality }: Pick<Report, 'models' | 'training' | 'endedAt' | 'quality'>): string {
  if (!models.new) return endedAt === null ? 'No model was trained in this iteration yet; the numbers so far are of people’s work and of the present model.' : 'The model that followed is no longer known.';
  const images = models.new.metrics?.images ?? quality?.images ?? 0;
  const where = images > 0 ? `, measured on ${counted(images, 'validation picture')}` : '';
  if (!training) return `${models.new.name} (${modelWords(models.new)}) followed; it was not trained here${where}.`;
  return `Run ${training.run} trained ${modelWords(models.new)} on version ${training.version} (${counted(training.labelled, 'labelled picture')}): ${training.decision}${where}.`;
}

/** What the next hundred corrections are, in pictures and time, as far as that is known. */
function nextWords({ nextImages, nextSeconds }: Expectation): string {
  const parts = [nextImages === null ? null : `about ${counted(Math.max(1, nextImages), 'picture')}`, nextSeconds === null ? null : duration(nextSeconds)].filter((p) => p !== null);
  return parts.length ? ` (${parts.join(', ')})` : '';
}

export const VERDICTS: Readonly<Record<Expectation['verdict'], { title: string; tone: 'ok' | 'warn' | 'plain' }>> = {
  'too-few': { title: 'Too early to say', tone: 'plain' }, 'go-on': { title: 'Go on correcting', tone: 'ok' }, stop: { title: 'Time to stop', tone: 'warn' }, unsure: { title: 'Cannot be told', tone: 'plain' },
};

/** One sentence per thing that can be said. */
export function expectationWords(e: Expectation, presentMap: number | null): string[] {
  const hundred = `The next ${NEXT_CORRECTIONS} corrections${nextWords(e)}`;
  if (e.verdict === 'too-few') return [`A curve needs three models that were trained on different numbers of pictures; there ${e.points.length === 1 ? 'is' : 'are'} ${e.points.length === 0 ? 'none' : e.points.length} so far.`, ...ceilingWords(e, presentMap)];
  if (!e.gain) return ['Nobody has corrected anything yet, so nothing says what a correction brings.', ...limitWords(e), ...ceilingWords(e, presentMap)];
  const { low, mid, high } = e.gain;
  const gain = `${hundred} can be expected to bring ${signed(mid)} mAP50-95; in 8 of 10 cases between ${signed(low)} and ${signed(high)}.`;
  const rest = e.verdict === 'stop' ? [`That is less than ${score(e.worth)} points per hundred: more of the same will hardly show. A class that is rare, or new kinds of pictures, may still pay.`] : untilWords(e);
  return [gain, ...rest, ...limitWords(e), ...ceilingWords(e, presentMap)];
}

function untilWords({ until, worth, verdict }: Expectation): string[] {
  if (verdict === 'unsure') return [`Whether that is worth ${score(worth)} points per hundred cannot be told yet: the points lie too far from each other.`];
  if (!until) return ['How long that goes on cannot be told from these points.'];
  return [`They go on paying, with at least ${score(worth)} points per hundred, for about ${count(until.mid)} more corrections (between ${count(until.low)} and ${count(until.high)}).`];
}

function limitWords({ limit }: Expectation): string[] {
  return limit ? [`With ever more labels like these it would end near ${score(limit.mid)} (${score(limit.low)} to ${score(limit.high)}).`] : [];
}

function ceilingWords({ ceiling }: Expectation, presentMap: number | null): string[] {
  if (ceiling === null) return [];
  const there = presentMap !== null && presentMap >= ceiling ? ': the model is as good as people are with each other, and more corrections cannot show' : ', the ceiling for a model that learns from their labels';
  return [`Two people who correct the same pictures reach ${score(ceiling)} against each other${there}.`];
}

export const KIND_NAMES = { missed: 'missed', false: 'false', wrongClass: 'wrong class', badlyPlaced: 'badly placed', duplicate: 'double' } as const;
