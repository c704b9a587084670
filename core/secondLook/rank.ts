/**
 * The order of the list. What the model says against people's labels comes first, the surest first:
 *
 *   noLabel       its score, less the overlap with a label of its class (a part of something labelled is no missing label)
 *   otherClass    its score: it sees nothing of the label's own class there, or this would be no finding
 *   badlyPlaced   its score, less the overlap of the two boxes (the further off, the surer)
 *   nothingSeen   how much less than the threshold it sees there, times its mAP50 for the class: a model that misses half of a class says little by silence
 *
 * as ObjectLab orders overlooked, badly located and swapped objects (Tkachenko, Thyagarajan and Mueller 2023). What is wrong with a label by itself waits for no
 * model and is no matter of opinion: it comes after (rank below 0), the worst first.
 */
export const noLabelRank = (score: number, overlap: number): number => score * (1 - overlap);
export const otherClassRank = (score: number): number => score;
export const badlyPlacedRank = (score: number, iou: number): number => score * (1 - iou);
/** `evidence`: the best score of anything at the label's place, below `threshold`. */
export const nothingSeenRank = (evidence: number, threshold: number, trust: number): number => trust * (1 - evidence / threshold);

/** `severity` 0…1 → below every opinion of a model. */
export const labelRank = (severity: number): number => -1 + Math.min(1, Math.max(0, severity));
