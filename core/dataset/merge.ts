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
  revision: { id: string; predictionSetId: string | null; status?: Chosen['status']; instances: readonly Instance[] } | null;
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
  status?: Chosen['status'];
  instances: readonly Instance[];
}

/** An image in the parent version. */
export interface ParentItem {
  labelsHash: string;
  revisionId: string | null;
}

export interface MergeOptions {
  /** Predictions of this score and more become labels of their own source where nobody labelled; absent = never. */
  pseudoThreshold?: number;
  /** imageId → what the parent version holds of it. */
  parent: ReadonlyMap<string, ParentItem>;
  /** Class of a label → its class in this version, null = retired (core/dataset/classes.ts); absent = as it is. */
  classOf?: (index: number) => number | null;
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
  /** How it was submitted; null for what nobody submitted. */
  status: 'ok' | 'corrected' | null;
  instances: readonly Instance[];
  labelsHash: string;
  fresh: boolean;
}

export const LEFT_OUT = { excluded: 'excluded by hand', unsubmitted: 'not submitted yet', returned: 'sent back by a reviewer', restored: 'not in the restored version' } as const;
export type LeftOut = keyof typeof LEFT_OUT;

export interface Merged {
  chosen: Chosen[];
  /** Images by the reason why they are not in it. */
  leftOut: Map<LeftOut, string[]>;
  /** Labels of the chosen images whose class was retired (left out), and whose class was merged into another (relabelled), by their own class. */
  retired: Map<number, number>;
  relabelled: Map<number, number>;
}

/**
 * Where a version was restored, its labels until something newer comes; else the latest revision, else baseline, else (only when asked for, and only for training) confident predictions. An image nobody submitted is
 * never taken as if it were correct.
 */
export function mergeDataset(candidates: readonly Candidate[], options: MergeOptions): Merged {
  const merged: Merged = { chosen: [], leftOut: new Map(), retired: new Map(), relabelled: new Map() };
  for (const candidate of candidates) {
    const picked = candidate.excluded ? 'excluded' : candidate.returned ? 'returned' : pick(candidate, options);
    if (typeof picked !== 'string') merged.chosen.push(inPresentClasses(picked, options, merged));
    else if (merged.leftOut.get(picked)?.push(candidate.imageId) === undefined) merged.leftOut.set(picked, [candidate.imageId]);
  }
  return merged;
}

/** The labels by the classes as they are now, with the hash over that. */
function inPresentClasses(item: Picked, { classOf, parent, hash }: MergeOptions, merged: Merged): Chosen {
  const instances = item.instances.flatMap((instance) => {
    const present = classOf ? classOf(instance.class) : instance.class;
    if (present === instance.class) return [instance];
    const counts = present === null ? merged.retired : merged.relabelled;
    counts.set(instance.class, (counts.get(instance.class) ?? 0) + 1);
    return present === null ? [] : [{ ...instance, class: present }];
  });
  const labelsHash = hash(labelsText(instances));
  const before = parent.get(item.imageId);
  // What a person has just gone through counts more in training; baseline and pseudo-labels never do, nor do old corrections that a change of classes touched.
  const fresh = item.source === 'revision' && before?.labelsHash !== labelsHash && (before === undefined || before.revisionId !== item.revisionId);
  return { ...item, instances, labelsHash, fresh };
}

type Picked = Omit<Chosen, 'labelsHash' | 'fresh'>;

function pick(candidate: Candidate, options: MergeOptions): Picked | LeftOut {
  const restored = candidate.restored && fromRestored(candidate, candidate.restored);
  if (restored) return restored;
  const { revision, baseline, predictions } = candidate;
  if (revision) return make(candidate, 'revision', revision.instances, { revisionId: revision.id, predictionSetId: revision.predictionSetId, status: revision.status ?? null });
  if (baseline) return make(candidate, 'baseline', baseline.instances, { baselineId: baseline.id });
  const threshold = options.pseudoThreshold;
  if (threshold !== undefined && predictions && candidate.split === 'train') {
    const sure = predictions.instances.filter((p) => p.score >= threshold).map((p): Instance => ({ ...p, source: 'pseudo' }));
    return make(candidate, 'pseudo', sure, { predictionSetId: predictions.id });
  }
  return 'unsubmitted';
}

/** After a restore its version stands, except where somebody submitted or imported since. undefined = as if nothing had been restored. */
function fromRestored(candidate: Candidate, { item, newRevision, newBaseline }: NonNullable<Candidate['restored']>): Picked | LeftOut | undefined {
  const { revision, baseline } = candidate;
  if (newRevision) return undefined;
  // An import never outranks what a person submitted, restored or not.
  if (newBaseline && baseline && item?.source !== 'revision') return make(candidate, 'baseline', baseline.instances, { baselineId: baseline.id });
  if (!item) return revision || baseline ? 'restored' : undefined;
  const { source, instances, ...origin } = item;
  return make(candidate, source, instances, origin);
}

type Origin = Partial<Pick<Chosen, 'revisionId' | 'baselineId' | 'predictionSetId' | 'status'>>;

function make(candidate: Candidate, source: Chosen['source'], instances: readonly Instance[], origin: Origin): Picked {
  const { imageId, sha256, width, height, split } = candidate;
  return { imageId, sha256, width, height, split, source, instances, revisionId: null, baselineId: null, predictionSetId: null, status: null, ...origin };
}
