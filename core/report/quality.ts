/** Everything that a report says of a model's quality, from what was found picture by picture. Pure. */
import type { Quality, ReportPicture, ReportQuality } from '#core/api/report.ts';
import type { EvaluatedImage, EvaluationFile } from '#core/training/evaluation.ts';
import { precisionOf } from '#core/training/metrics.ts';
import { confusionOf, shownOf } from './confusion.ts';
import { curvesOf } from './curves.ts';
import { kindsOf, pictureScore } from './kinds.ts';

/** Pictures per list. */
const SHOWN = 6;
/** Boxes drawn on one of them. */
const MAX_BOXES = 100;
/** A picture whose score changed by less is the same. */
const CHANGED = 0.01;

export function qualityOf({ images }: EvaluationFile): Quality {
  const { map, map50, perClass } = precisionOf(images);
  return {
    map, map50, perClass: perClass.map((c) => ({ classIndex: c.classIndex, instances: c.instances, map: c.map, map50: c.map50 })),
    curves: curvesOf(images), confusion: confusionOf(images), kinds: kindsOf(images),
  };
}

/** What the pictures of the split are called, by id. */
export type Pictures = ReadonlyMap<string, { name: string; width: number; height: number }>;

/** Two models on the same split of one dataset version. Pictures that are not in `known` are counted and not shown. */
export function compareQuality(old: EvaluationFile | null, fresh: EvaluationFile | null, version: number, known: Pictures): ReportQuality | null {
  const either = fresh ?? old;
  if (!either) return null;
  return { images: either.images.length, version, old: old && qualityOf(old), new: fresh && qualityOf(fresh), pictures: choosePictures(old, fresh, known) };
}

interface Scored { id: string; before: number | null; after: number | null; old: EvaluatedImage | undefined; fresh: EvaluatedImage | undefined }

function choosePictures(old: EvaluationFile | null, fresh: EvaluationFile | null, known: Pictures): ReportQuality['pictures'] {
  const [before, after] = [byImage(old), byImage(fresh)];
  const scored = [...new Set([...before.keys(), ...after.keys()])].filter((id) => known.has(id)).map((id): Scored => {
    const [a, b] = [before.get(id), after.get(id)];
    return { id, old: a, fresh: b, before: a ? pictureScore(a) : null, after: b ? pictureScore(b) : null };
  });
  const change = (s: Scored): number => (s.before === null || s.after === null ? 0 : s.after - s.before);
  const now = (s: Scored): number => s.after ?? s.before ?? 1;
  const take = (list: Scored[], order: (a: Scored, b: Scored) => number) => list.toSorted((a, b) => order(a, b) || weightOf(b) - weightOf(a) || (a.id < b.id ? -1 : 1)).slice(0, SHOWN).map((s) => drawn(s, known));
  return {
    worst: take(scored.filter((s) => now(s) < 1), (a, b) => now(a) - now(b)),
    improved: take(scored.filter((s) => change(s) >= CHANGED), (a, b) => change(b) - change(a)),
    fallen: take(scored.filter((s) => change(s) <= -CHANGED), (a, b) => change(a) - change(b)),
  };
}

function byImage(file: EvaluationFile | null): Map<string, EvaluatedImage> {
  return new Map(file?.images.map((image) => [image.image, image]) ?? []);
}

/** Of equally bad pictures the one with more to see says more. */
function weightOf({ old, fresh }: Scored): number {
  return (fresh ?? old)?.truths.length ?? 0;
}

function drawn({ id, before, after, old, fresh }: Scored, known: Pictures): ReportPicture {
  const about = known.get(id) ?? { name: id, width: 1, height: 1 };
  const boxes = (list: readonly { class: number; box: readonly number[] }[]): number[][] => list.slice(0, MAX_BOXES).map((o) => [o.class, ...o.box.map((v) => Math.round(v * 10) / 10)]);
  return {
    imageId: id, ...about, before, after, labels: boxes((fresh ?? old)?.truths ?? []),
    found: { before: boxes(old ? shownOf(old) : []), after: boxes(fresh ? shownOf(fresh) : []) },
  };
}
