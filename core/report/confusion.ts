/** Which class is taken for which. Pure. */
import type { ConfusionCell } from '#core/api/report.ts';
import { boxIou } from '#core/geometry/iou.ts';
import type { Detection, EvaluatedImage } from '#core/training/evaluation.ts';

/** Row or column of what is not there. */
export const BACKGROUND = -1;
/** What people would be shown: the rule of Ultralytics' confusion matrix, and the project's threshold where nobody changed it. */
export const SHOWN_SCORE = 0.25;
const CONFUSION_IOU = 0.45;

/** Detections above the score, best first. */
export function shownOf({ found }: Pick<EvaluatedImage, 'found'>): Detection[] {
  return found.filter((d) => d.score > SHOWN_SCORE).toSorted((a, b) => b.score - a.score);
}

/**
 * The confusion matrix as Ultralytics counts it (ConfusionMatrix.process_batch, 8.4: score > 0.25, IoU > 0.45, by boxes): each detection, best first, claims the
 * best object that nobody has claimed, whatever its class. Found without an object: background in the column; an object not found: background in the row.
 * Rows sum to what was found of a class, columns to what is labelled.
 */
export function confusionOf(images: readonly EvaluatedImage[]): ConfusionCell[] {
  const counts = new Map<string, ConfusionCell>();
  const add = (found: number, labelled: number): void => {
    const cell = counts.get(`${found} ${labelled}`) ?? [found, labelled, 0];
    cell[2] += 1;
    counts.set(`${found} ${labelled}`, cell);
  };
  for (const image of images) {
    const claimed = new Set<number>();
    for (const detection of shownOf(image)) {
      const at = bestFree(detection, image.truths, claimed);
      const truth = image.truths[at];
      if (truth) claimed.add(at);
      add(detection.class, truth ? truth.class : BACKGROUND);
    }
    for (const [i, truth] of image.truths.entries()) if (!claimed.has(i)) add(BACKGROUND, truth.class);
  }
  return [...counts.values()].toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
}

/** −1 = none overlaps enough. */
function bestFree({ box }: Detection, truths: EvaluatedImage['truths'], claimed: ReadonlySet<number>): number {
  let [best, at] = [CONFUSION_IOU, -1];
  for (const [i, truth] of truths.entries()) {
    const iou = claimed.has(i) ? 0 : boxIou(truth.box, box);
    if (iou > best) [best, at] = [iou, i];
  }
  return at;
}

export interface ConfusionTable {
  /** Classes that occur, then BACKGROUND: of the rows (found) and the columns (labelled) alike. */
  classes: number[];
  /** counts[row][column]. */
  counts: number[][];
  /** Share of the column, 0…1: of the objects labelled so, how many were found as that. */
  shares: number[][];
}

/** As a square that can be drawn. `known`: classes that are shown even where nothing was counted. */
export function confusionTable(cells: readonly ConfusionCell[], known: readonly number[] = []): ConfusionTable {
  const occurring = new Set([...known, ...cells.flatMap(([found, labelled]) => [found, labelled])]);
  occurring.delete(BACKGROUND);
  const classes = [...[...occurring].toSorted((a, b) => a - b), BACKGROUND];
  const at = new Map(classes.map((c, i) => [c, i]));
  const counts = classes.map(() => classes.map(() => 0));
  for (const [found, labelled, n] of cells) {
    const row = counts[at.get(found) ?? -1];
    if (row) row[at.get(labelled) ?? 0] = n;
  }
  const totals = classes.map((_, column) => counts.reduce((sum, row) => sum + (row[column] ?? 0), 0));
  return { classes, counts, shares: counts.map((row) => row.map((n, column) => (totals[column] ? n / totals[column] : 0))) };
}
