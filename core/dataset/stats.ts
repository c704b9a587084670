import type { DatasetStats } from '#core/api/dataset.ts';
import type { Instance } from '#core/annotation/schema.ts';
import { rleArea } from '#core/geometry/rle.ts';
import type { Chosen } from './merge.ts';

type Item = Pick<Chosen, 'split' | 'source' | 'fresh' | 'instances'> & Partial<Pick<Chosen, 'status'>>;
type ClassRow = DatasetStats['perClass'][number];

/** COCO's limits of object areas, in pixels of the original picture. */
const SMALL = 32 * 32;
const MEDIUM = 96 * 96;

/** Counts of a dataset version. `classes`: names by position, as they are. */
export function statsOf(items: readonly Item[], classes: readonly string[]): DatasetStats {
  const stats = { ...empty(classes), images: items.length };
  const scores = new Map<number, number[]>();
  for (const item of items) {
    stats.splits[item.split]++;
    stats.sources[item.source]++;
    if (item.fresh) stats.fresh++;
    if (item.status && stats.status) stats.status[item.status]++;
    for (const classIndex of new Set(item.instances.map((i) => i.class))) {
      const row = stats.perClass[classIndex];
      if (row) row.images++;
    }
    for (const instance of item.instances) count(stats, instance, scores);
  }
  for (const row of stats.perClass) row.keptScore = spread(scores.get(row.classIndex) ?? []);
  return stats;
}

function empty(classes: readonly string[]): DatasetStats {
  return {
    images: 0, instances: 0, splits: { train: 0, valid: 0, test: 0 }, sources: { baseline: 0, revision: 0, pseudo: 0 },
    labels: { baseline: 0, kept: 0, annotation: 0, pseudo: 0 }, status: { ok: 0, corrected: 0 }, fresh: 0,
    perClass: classes.map((name, classIndex): ClassRow => ({ classIndex, name, instances: 0, images: 0, sizes: { small: 0, medium: 0, large: 0 }, keptScore: null })),
  };
}

const LABEL = { annotation: 'annotation', baseline: 'baseline', prediction: 'kept', pseudo: 'pseudo' } as const;

function count(stats: DatasetStats, instance: Instance, scores: Map<number, number[]>): void {
  stats.instances++;
  stats.labels[LABEL[instance.source]] = (stats.labels[LABEL[instance.source]] ?? 0) + 1;
  const row = stats.perClass[instance.class];
  if (!row) return;
  row.instances++;
  if (row.sizes) row.sizes[sizeOf(instance)]++;
  if (instance.source !== 'prediction' || instance.score === undefined) return;
  if (scores.get(instance.class)?.push(instance.score) === undefined) scores.set(instance.class, [instance.score]);
}

function sizeOf({ mask, box }: Instance): 'small' | 'medium' | 'large' {
  const pixels = mask ? rleArea(mask) : box[2] * box[3];
  return pixels < SMALL ? 'small' : pixels < MEDIUM ? 'medium' : 'large';
}

/** Mean, and the score that nine of ten reach. */
function spread(scores: readonly number[]): { mean: number; low: number } | null {
  const low = scores.toSorted((a, b) => a - b)[Math.floor(scores.length / 10)];
  return low === undefined ? null : { mean: scores.reduce((a, b) => a + b, 0) / scores.length, low };
}
