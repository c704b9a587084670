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
  /** The latest one. */
  revision: { id: string; predictionSetId: string | null; instances: readonly Instance[] } | null;
  /** Of the newest import. */
  baseline: { id: string; instances: readonly Instance[] } | null;
  predictions: { id: string; instances: readonly Prediction[] } | null;
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

export const LEFT_OUT = { excluded: 'excluded by hand', unsubmitted: 'not submitted yet' } as const;
export type LeftOut = keyof typeof LEFT_OUT;

/**
 * Latest revision, else baseline, else (only when asked for, and only for training) confident predictions. An image nobody submitted is
 * never taken as if it were correct.
 */
export function mergeDataset(candidates: readonly Candidate[], options: MergeOptions): { chosen: Chosen[]; leftOut: Map<LeftOut, number> } {
  const chosen: Chosen[] = [];
  const leftOut = new Map<LeftOut, number>();
  for (const candidate of candidates) {
    const picked = candidate.excluded ? 'excluded' : pick(candidate, options);
    if (typeof picked === 'string') leftOut.set(picked, (leftOut.get(picked) ?? 0) + 1);
    else chosen.push(picked);
  }
  return { chosen, leftOut };
}

function pick(candidate: Candidate, options: MergeOptions): Chosen | LeftOut {
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
