/** How well two people agree who labelled the same images without seeing each other. Pure sums that can be added up over images. */
import { IOU_THRESHOLDS } from '#core/training/evaluation.ts';
import { matchInstances, type Compared } from './match.ts';

/** The category of what one of the two did not see at all. */
export const NOTHING = -1;

/** Sums over any number of images. Divide only at the end: means of means would give a small image the weight of a crowded one. */
export interface Tally {
  images: number;
  /** Instances of the first and of the second person. */
  a: number;
  b: number;
  /** Objects that both marked; `sameClass` of them with the same class. */
  matched: number;
  sameClass: number;
  iou: number;
  /** "<class of the first> <class of the second>" → objects; NOTHING where one saw none. */
  confusion: Map<string, number>;
  /** Class → sum of IoU over objects that both gave it. */
  iouOf: Map<number, number>;
  /** "<class> <position in IOU_THRESHOLDS>" → objects that both gave the class and that overlap at least so much. */
  steps: Map<string, number>;
}

/** All shares 0…1; null = there is nothing to divide by. */
export interface Agreement {
  images: number;
  a: number;
  b: number;
  matched: number;
  /** Share of all marked objects that both marked: 2·matched / (a + b), the F1 score of one against the other. */
  found: number | null;
  /** Mean IoU of the matched. */
  iou: number | null;
  /** Share of the matched with the same class. */
  classes: number | null;
  kappa: number | null;
}

export interface ClassAgreement {
  classIndex: number;
  /** Objects that at least one of the two gave this class; `both` of them both. */
  objects: number;
  both: number;
  /** The other saw nothing there. */
  missed: number;
  /** The other gave another class; most often `confusedWith`. */
  other: number;
  confusedWith: number | null;
  iou: number | null;
}

export function emptyTally(): Tally {
  return { images: 0, a: 0, b: 0, matched: 0, sameClass: 0, iou: 0, confusion: new Map(), iouOf: new Map(), steps: new Map() };
}

/** Compares the labels that two people gave one image. */
export function compareImage(a: readonly Compared[], b: readonly Compared[]): Tally {
  const { pairs, onlyA, onlyB } = matchInstances(a, b);
  const tally: Tally = { ...emptyTally(), images: 1, a: a.length, b: b.length, matched: pairs.length };
  for (const { a: one, b: other, iou } of pairs) {
    tally.iou += iou;
    add(tally.confusion, `${one.class} ${other.class}`, 1);
    if (one.class !== other.class) continue;
    tally.sameClass += 1;
    add(tally.iouOf, one.class, iou);
    for (const [i, least] of IOU_THRESHOLDS.entries()) if (iou >= least) add(tally.steps, `${one.class} ${i}`, 1);
  }
  for (const one of onlyA) add(tally.confusion, `${one.class} ${NOTHING}`, 1);
  for (const other of onlyB) add(tally.confusion, `${NOTHING} ${other.class}`, 1);
  return tally;
}

export function addUp(tallies: Iterable<Tally>): Tally {
  const sum = emptyTally();
  for (const t of tallies) {
    for (const key of ['images', 'a', 'b', 'matched', 'sameClass', 'iou'] as const) sum[key] += t[key];
    for (const [cell, n] of t.confusion) add(sum.confusion, cell, n);
    for (const [index, iou] of t.iouOf) add(sum.iouOf, index, iou);
    for (const [step, n] of t.steps) add(sum.steps, step, n);
  }
  return sum;
}

/** The same seen from the other person. */
export function swapped(t: Tally): Tally {
  return { ...t, a: t.b, b: t.a, confusion: new Map([...t.confusion].map(([cell, n]) => [cell.split(' ').toReversed().join(' '), n])) };
}

export function agreementOf(t: Tally): Agreement {
  return {
    images: t.images, a: t.a, b: t.b, matched: t.matched,
    found: divide(2 * t.matched, t.a + t.b), iou: divide(t.iou, t.matched), classes: divide(t.sameClass, t.matched), kappa: kappaOf(t.confusion),
  };
}

/**
 * Cohen's kappa (Cohen 1960) over all objects that at least one of the two marked, with "nothing" as a category of its own: 1 = always the same, 0 = as
 * often as by chance. Nobody counts where both see nothing, so with few classes kappa is low although most objects agree: read it beside `found`.
 * null = no objects, or both always said the same one thing (chance alone would agree as well).
 */
export function kappaOf(confusion: ReadonlyMap<string, number>): number | null {
  const [rows, columns] = [new Map<string, number>(), new Map<string, number>()];
  let [total, agreed] = [0, 0];
  for (const [cell, n] of confusion) {
    const [row = '', column = ''] = cell.split(' ');
    add(rows, row, n);
    add(columns, column, n);
    total += n;
    if (row === column) agreed += n;
  }
  if (total === 0) return null;
  const expected = [...rows].reduce((sum, [category, n]) => sum + (n / total) * ((columns.get(category) ?? 0) / total), 0);
  return expected === 1 ? null : (agreed / total - expected) / (1 - expected);
}

/**
 * mAP50-95 of one person measured against the other as if they were a model: the ceiling for any model that learns from such labels. Without scores a person is one
 * point of the precision-recall curve, whose area is precision · recall (COCO's interpolation of a single point): the same from both sides. Mean over classes
 * and thresholds; null = no objects.
 */
export function ceilingOf({ confusion, steps }: Tally): number | null {
  const [a, b] = [new Map<number, number>(), new Map<number, number>()];
  for (const [cell, n] of confusion) {
    const [x = NOTHING, y = NOTHING] = cell.split(' ').map(Number);
    if (x !== NOTHING) add(a, x, n);
    if (y !== NOTHING) add(b, y, n);
  }
  const classes = [...new Set([...a.keys(), ...b.keys()])];
  const area = (c: number, i: number): number => (steps.get(`${c} ${i}`) ?? 0) ** 2 / ((a.get(c) ?? 0) * (b.get(c) ?? 0) || 1);
  const areas = classes.flatMap((c) => IOU_THRESHOLDS.map((_, i) => area(c, i)));
  return divide(areas.reduce((sum, x) => sum + x, 0), areas.length);
}

/** How an image stands in the list of those that disagree most: 1 = the same objects, classes and outlines; 0 = nothing in common. Empty twice is 1. */
export function likeness(t: Tally): number {
  const good = [...t.iouOf.values()].reduce((sum, iou) => sum + iou, 0);
  return divide(2 * good, t.a + t.b) ?? 1;
}

/** Per class, whoever of the two gave it. In the order of the classes. */
export function perClass(t: Tally): ClassAgreement[] {
  const rows = new Map<number, ClassAgreement & { others: Map<number, number> }>();
  const rowOf = (index: number) => {
    const row = rows.get(index) ?? { classIndex: index, objects: 0, both: 0, missed: 0, other: 0, confusedWith: null, iou: null, others: new Map<number, number>() };
    rows.set(index, row);
    return row;
  };
  for (const [cell, n] of t.confusion) {
    const [x = NOTHING, y = NOTHING] = cell.split(' ').map(Number);
    for (const [mine, theirs] of x === y ? [[x, y] as const] : [[x, y] as const, [y, x] as const]) {
      if (mine === NOTHING) continue;
      const row = rowOf(mine);
      row.objects += n;
      if (theirs === mine) row.both += n;
      else if (theirs === NOTHING) row.missed += n;
      else { row.other += n; add(row.others, theirs, n); }
    }
  }
  return [...rows.values()].toSorted((p, q) => p.classIndex - q.classIndex).map(({ others, ...row }) => ({
    ...row, iou: divide(t.iouOf.get(row.classIndex) ?? 0, row.both), confusedWith: [...others].toSorted((p, q) => q[1] - p[1] || p[0] - q[0])[0]?.[0] ?? null,
  }));
}

function add<K>(map: Map<K, number>, key: K, n: number): void {
  map.set(key, (map.get(key) ?? 0) + n);
}

function divide(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
