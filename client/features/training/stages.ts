import type { RunDto, RunState } from '#core/api/run.ts';

export const STAGES = ['preparing', 'training', 'evaluating', 'exporting', 'gate'] as const;
export type Stage = (typeof STAGES)[number];
export interface StageView { stage: Stage; state: 'done' | 'now' | 'ended' | 'todo'; words: string; share: number }
const NAMES: Record<Stage, string> = { preparing: 'Prepare', training: 'Train', evaluating: 'Evaluate old and new', exporting: 'Export ONNX', gate: 'Gate' };
const AT: Record<RunState, number> = { queued: 0, preparing: 0, training: 1, evaluating: 2, exporting: 3, gate: 4, done: 5, failed: -1, cancelled: -1, paused: -1 };

/** Nothing goes on any more: it has ended, or waits for somebody to let it go on. */
export const isOver = (state: RunState): boolean => state === 'done' || isStopped(state);
const isStopped = (state: RunState): boolean => state === 'failed' || state === 'cancelled' || state === 'paused';

/** The five stages of a run. A failed or cancelled run stops at the stage that its last progress tells. */
export function stageViews(run: Pick<RunDto, 'state' | 'progress' | 'gate'>): StageView[] {
  const { progress, state } = run;
  const stopped = isStopped(state);
  // The present model is measured before the first epoch: that is still preparation.
  const early = state === 'evaluating' && progress.epoch === 0;
  const at = stopped ? stoppedAt(run) : early ? 0 : AT[state];
  return STAGES.map((stage, i) => {
    const view = i < at ? 'done' : i > at ? 'todo' : stopped ? 'ended' : 'now';
    const training = stage === 'training' && i === at && progress.epochs > 0;
    const words = training ? `Train, epoch ${progress.epoch} of ${progress.epochs}` : early && i === 0 ? 'Measure the present model' : NAMES[stage];
    return { stage, state: view, words, share: view === 'done' ? 1 : view === 'todo' ? 0 : training ? progress.epoch / progress.epochs : progress.stageShare ?? 0 };
  });
}

function stoppedAt(run: Pick<RunDto, 'progress' | 'gate'>): number {
  if (run.gate) return 4;
  const { epoch, epochs } = run.progress;
  if (epoch === 0) return 0;
  return epoch >= epochs ? 2 : 1;
}
