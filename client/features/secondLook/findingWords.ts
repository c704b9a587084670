/** What a finding says, in words. Pure. */
import type { ClassDto } from '#core/api/project.ts';
import type { FindingDto } from '#core/api/secondLook.ts';
import type { Box } from '#core/geometry/box.ts';
import { toCorners } from '#core/geometry/box.ts';
import type { FindingKind } from '#core/secondLook/finding.ts';
import { score } from '../../ui/words.ts';

export const KIND_NAMES: Record<FindingKind, string> = {
  nothingSeen: 'Nothing seen', noLabel: 'No label', otherClass: 'Another class', badlyPlaced: 'Badly placed', fewPixels: 'A few pixels', wholeImage: 'Whole image', double: 'Doubles',
};

/** Longer, for whoever meets the word for the first time. */
export const KIND_HINTS: Record<FindingKind, string> = {
  nothingSeen: 'A label where the model sees nothing', noLabel: 'The model is sure of an object that nobody labelled', otherClass: 'The model is sure that the label has the wrong class',
  badlyPlaced: 'The model is sure of the object, but its box is elsewhere', fewPixels: 'Too small in training for a detector to learn from', wholeImage: 'A box around the whole image says nothing about a place',
  double: 'Two labels of one class in one place: a detector keeps one of them',
};

type Told = Pick<FindingDto, 'kind' | 'labels' | 'seen' | 'iou' | 'side' | 'model'>;
type Names = readonly Pick<ClassDto, 'index' | 'name'>[];

const nameOf = (classes: Names, index: number | undefined): string => classes.find((c) => c.index === index)?.name ?? 'unknown';

/** One line: what is labelled, and what is said against it. */
export function headline({ kind, labels: [label], seen }: Told, classes: Names): string {
  const [labelled, found] = [nameOf(classes, label?.class), nameOf(classes, seen?.class)];
  switch (kind) {
    case 'nothingSeen': return `${labelled}, nothing seen there`;
    case 'noLabel': return `${found} without a label`;
    case 'otherClass': return `${labelled}, seen as ${found}`;
    case 'badlyPlaced': return `${labelled}, seen elsewhere`;
    case 'fewPixels': return `${labelled} of a few pixels`;
    case 'wholeImage': return `${labelled} around the whole image`;
    case 'double': return `${labelled}, labelled twice`;
  }
}

/** The same with its numbers and reasons, a line each. */
export function explain({ kind, labels: [label], seen, iou, side, model }: Told, classes: Names, imgsz: number | null): string[] {
  const who = model?.name ?? 'The model';
  const found = seen ? `${nameOf(classes, seen.class)} with a score of ${score(seen.score, 0)}` : '';
  switch (kind) {
    case 'nothingSeen': return [`${who} sees no ${nameOf(classes, label?.class)} here at a score that would be shown.`];
    case 'noLabel': return [`${who} sees ${found} where nobody labelled anything like it.`];
    case 'otherClass': return [`${who} sees ${found}, in the same place (IoU ${(iou ?? 0).toFixed(2)}), and no ${nameOf(classes, label?.class)}.`];
    case 'badlyPlaced': return [`${who} sees ${found}, but the boxes share little (IoU ${(iou ?? 0).toFixed(2)}).`];
    case 'fewPixels': return [`At the training size${imgsz === null ? '' : ` of ${imgsz} pixels`} its shorter side has ${(side ?? 0).toFixed(1)} pixels. Train larger, or leave it out.`];
    case 'wholeImage': return ['No detector learns a place from a box around everything.'];
    case 'double': return [`Two labels of one class overlap (IoU ${(iou ?? 0).toFixed(2)}); non-maximum suppression leaves one of them.`];
  }
}

/** Everything that the finding is about. */
export function placeOf({ labels, seen }: Pick<FindingDto, 'labels' | 'seen'>): Box {
  const boxes = [...labels.map((l) => l.box), ...(seen ? [seen.box] : [])].map(toCorners);
  const [x1, y1] = [Math.min(...boxes.map((b) => b[0])), Math.min(...boxes.map((b) => b[1]))];
  const [x2, y2] = [Math.max(...boxes.map((b) => b[2])), Math.max(...boxes.map((b) => b[3]))];
  return [x1, y1, x2 - x1, y2 - y1];
}

/** Pixels of the picture around the smallest object that is shown: less would be a blur. */
const LEAST_SIDE = 64;

/** The part of the picture to show: the place in the middle with surroundings, as wide as `aspect` times its height, within the picture where it fits. */
export function cropOf(place: Box, size: { width: number; height: number }, aspect: number, around = 2): Box {
  const [x, y, w, h] = place;
  const height = Math.min(size.height, Math.max(LEAST_SIDE, h * around, (w * around) / aspect));
  const width = height * aspect;
  return [within(x + w / 2 - width / 2, width, size.width), within(y + h / 2 - height / 2, height, size.height), width, height];
}

/** Moves a stretch of this length into 0…whole; one that is longer lies around it. */
function within(from: number, length: number, whole: number): number {
  if (length >= whole) return (whole - length) / 2;
  return Math.min(Math.max(0, from), whole - length);
}
