import type { DatasetStats } from '#core/api/dataset.ts';
import type { Chosen } from './merge.ts';

/** Counts of a dataset version. `classes`: names by position, as they are. */
export function statsOf(items: readonly Pick<Chosen, 'split' | 'source' | 'fresh' | 'instances'>[], classes: readonly string[]): DatasetStats {
  const stats: DatasetStats = {
    images: items.length, instances: 0, splits: { train: 0, valid: 0, test: 0 }, sources: { baseline: 0, revision: 0, pseudo: 0 },
    labels: { baseline: 0, kept: 0, annotation: 0 }, fresh: 0,
    perClass: classes.map((name, classIndex) => ({ classIndex, name, instances: 0, images: 0 })),
  };
  for (const item of items) {
    stats.splits[item.split]++;
    stats.sources[item.source]++;
    if (item.fresh) stats.fresh++;
    for (const classIndex of new Set(item.instances.map((i) => i.class))) {
      const row = stats.perClass[classIndex];
      if (row) row.images++;
    }
    for (const instance of item.instances) {
      stats.instances++;
      stats.labels[instance.source === 'annotation' ? 'annotation' : instance.source === 'baseline' ? 'baseline' : 'kept']++;
      const row = stats.perClass[instance.class];
      if (row) row.instances++;
    }
  }
  return stats;
}
