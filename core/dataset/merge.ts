/** Which labels of an image go into a dataset version. Pure: the database is read before, the hash function is handed in. */
import type { Instance, Prediction } from '#core/annotation/schema.ts';
import { labelsText } from './manifest.ts';
import type { SplitName } from './dataYaml.ts';

export interface Candidate {
  imageId: string;
  sha256: string;
  width: number;
  height: number;
  split: SplitName;
  excluded: boolean;
  /** A reviewer has sent the latest revision back: whoever made it shall make it anew. */
  returned?: boolean;
  /** The latest one. */
  revision: { id: string; predictionSetId: string | null; instances: readonly Instance[] } | null;
  /** Of the newest import. */
  baseline: { id: string; instances: readonly Instance[] } | null;
  predictions: { id: string; instances: readonly Prediction[] } | null;
  /** Where an earlier version was restored: what it holds of this image, and whether the revision or the baseline came after that. */
  restored?: { item: RestoredItem | null; newRevision: boolean; newBaseline: boolean };
}

/** An image's labels in the version that was restored. */
export interface RestoredItem {
  source: Chosen['source'];
  revisionId: string | null;
  baselineId: string | null;
  predictionSetId: string | null;
  instances: readonly Instance[];
}

export interface MergeOptions {
  /** Predictions of this score and more become labels of their own source where nobody labelled; absent = never. */
  pseudoThreshold?: number;
  /** imageId → labelsHash of the parent version. */
  parent: ReadonlyMap<string, string>;
  /** SHA-256 in hex. */
  hash: (text: string) => string;
}

export interface Chosen {
  imageId: string;
  sha256: string;
  width: number;
  height: number;
  split: SplitName;
  source: 'baseline' | 'revision' | 'pseudo';
  revisionId: string | null;
  baselineId: string | null;
  predictionSetId: string | null;
  instances: readonly Instance[];
  labelsHash: string;
  fresh: boolean;
}

export const LEFT_OUT = { excluded: 'excluded by hand', unsubmitted: 'not submitted yet', returned: 'sent back by a reviewer', restored: 'not in the restored version' } as const;
export type LeftOut = keyof typeof LEFT_OUT;

/**
 * Where a version was restored, its labels until something newer comes; else the latest revision, else baseline, else (only when asked for, and only for training) confident predictions. An image nobody submitted is
 * never taken as if it were correct.
 */
export function mergeDataset(candidates: readonly Candidate[], options: MergeOptions): { chosen: Chosen[]; leftOut: Map<LeftOut, number> } {
  const chosen: Chosen[] = [];
  const leftOut = new Map<LeftOut, number>();
  for (const candidate of candidates) {
    const picked = candidate.excluded ? 'excluded' : candidate.returned ? 'returned' : pick(candidate, options);
    if (typeof picked === 'string') leftOut.set(picked, (leftOut.get(picked) ?? 0) + 1);
    else chosen.push(picked);
  }
  return { chosen, leftOut };
}

function pick(candidate: Candidate, options: MergeOptions): Chosen | LeftOut {
  const restored = candidate.restored && fromRestored(candidate, candidate.restored, options);
  if (restored) return restored;
  const { revision, baseline, predictions } = candidate;
  if (revision) return make(candidate, 'revision', revision.instances, options, { revisionId: revision.id, predictionSetId: revision.predictionSetId });
  if (baseline) return make(candidate, 'baseline', baseline.instances, options, { baselineId: baseline.id });
  const threshold = options.pseudoThreshold;
  if (threshold !== undefined && predictions && candidate.split === 'train') {
    const sure = predictions.instances.filter((p) => p.score >= threshold).map((p): Instance => ({ ...p, source: 'pseudo' }));
    return make(candidate, 'pseudo', sure, options, { predictionSetId: predictions.id });
  }
  return 'unsubmitted';
}

/** After a restore its version stands, except where somebody submitted or imported since. undefined = as if nothing had been restored. */
function fromRestored(candidate: Candidate, { item, newRevision, newBaseline }: NonNullable<Candidate['restored']>, options: MergeOptions): Chosen | LeftOut | undefined {
  const { revision, baseline } = candidate;
  if (newRevision) return undefined;
  // An import never outranks what a person submitted, restored or not.
  if (newBaseline && baseline && item?.source !== 'revision') return make(candidate, 'baseline', baseline.instances, options, { baselineId: baseline.id });
  if (!item) return revision || baseline ? 'restored' : undefined;
  const { source, instances, ...origin } = item;
  return make(candidate, source, instances, options, origin);
}

type Origin = Partial<Pick<Chosen, 'revisionId' | 'baselineId' | 'predictionSetId'>>;

function make(candidate: Candidate, source: Chosen['source'], instances: readonly Instance[], options: MergeOptions, origin: Origin): Chosen {
  const { imageId, sha256, width, height, split } = candidate;
  const labelsHash = options.hash(labelsText(instances));
  return {
    imageId, sha256, width, height, split, source, instances, labelsHash, revisionId: null, baselineId: null, predictionSetId: null, ...origin,
    // What a person has just gone through counts more in training; baseline and pseudo-labels never do.
    fresh: source === 'revision' && options.parent.get(imageId) !== labelsHash,
  };
}
