import { boxIou } from '#core/geometry/iou.ts';
import type { Found, Queue } from './queue.ts';

/** From this IoU on, two boxes of one class are the same object (as everywhere in the rules of correction). */
const SAME = 0.5;

/** One object that flickers at the threshold is not yet a difference of opinion: it counts half. */
const LONE = 1;

export interface Disagreement {
  /** 0 = the models see the same … 1 = nothing in common. Per class, weighted by its difficulty, so that a crowd counts once. */
  readonly share: number;
  /** Per class: objects that only one of the two sees. */
  readonly different: ReadonlyMap<number, number>;
}

/** How far two models' predictions at or above the threshold differ. */
export function disagreement(now: Found, former: Found, { threshold, weights }: Pick<Queue, 'threshold' | 'weights'>): Disagreement {
  const left = shown(now, threshold);
  const right = shown(former, threshold);
  const different = new Map<number, number>();
  let [sum, all] = [0, 0];
  for (const index of new Set([...left.keys(), ...right.keys()])) {
    const weight = weights[index] ?? 0;
    if (weight <= 0) continue;
    const [a, b] = [left.get(index) ?? [], right.get(index) ?? []];
    const same = pairs(a, b);
    const apart = a.length + b.length - 2 * same;
    all += weight;
    sum += (weight * apart) / (apart + same + LONE);
    if (apart > 0) different.set(index, apart);
  }
  return { share: all === 0 ? 0 : sum / all, different };
}

type Boxes = Found['boxes'];

/** Class → its boxes, best score first. */
function shown(found: Found, threshold: number): Map<number, Boxes[number][]> {
  const order = [...found.scores.keys()].filter((i) => (found.scores[i] ?? 0) >= threshold).sort((a, b) => (found.scores[b] ?? 0) - (found.scores[a] ?? 0));
  const perClass = new Map<number, Boxes[number][]>();
  for (const i of order) {
    const [index, box] = [found.classes[i], found.boxes[i]];
    if (index === undefined || box === undefined) continue;
    const boxes = perClass.get(index);
    if (boxes) boxes.push(box);
    else perClass.set(index, [box]);
  }
  return perClass;
}

/** Greedy, best score first, as COCO's evaluation matches. */
function pairs(a: Boxes, b: Boxes): number {
  const free = [...b];
  let count = 0;
  for (const box of a) {
    const near = free.findIndex((other) => boxIou(box, other) >= SAME);
    if (near < 0) continue;
    free.splice(near, 1);
    count += 1;
  }
  return count;
}
