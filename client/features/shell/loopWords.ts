import type { Loop, LoopStep } from '#core/api/project.ts';
import type { JobDto } from '#core/api/job.ts';
import { count, counted, score, signed, skippedWords } from '../../ui/words.ts';
import { jobProgress } from './jobs.ts';

/** The five steps that are drawn; `import` is the first action of an empty project and shows in the place of Predict, `classes` that of one without classes in the place of Correct. */
export type ShownStep = Exclude<LoopStep, 'import' | 'classes'>;
export interface StepView {
  step: ShownStep;
  name: string;
  /** done: nothing left of it in this iteration. busy: going on right now. */
  state: 'done' | 'busy' | 'todo';
  /** The one highlighted step; a busy one may be it. */
  isNext: boolean;
  figure: string;
  note: string;
  /** 0..1 where the step has a known whole. */
  share: number | null;
}
export interface NextAction {
  step: LoopStep;
  words: string;
}
const STEPS: readonly ShownStep[] = ['predict', 'correct', 'freeze', 'train', 'promote'];
const NAMES: Record<ShownStep, string> = { predict: 'Predict', correct: 'Correct', freeze: 'Freeze', train: 'Train', promote: 'Promote' };
const RUNNING = new Set(['queued', 'preparing', 'training', 'evaluating', 'exporting', 'gate']);

export const isTraining = (loop: Loop): boolean => loop.run !== null && RUNNING.has(loop.run.state);

/** What the highlighted step is called as an action; it changes with what is left to do. */
export function nextAction(loop: Loop): NextAction {
  switch (loop.next) {
    case 'import': return { step: 'import', words: 'Import images' };
    case 'classes': return { step: 'classes', words: 'Name the classes' };
    case 'predict': return { step: 'predict', words: loop.model ? `Predict ${counted(loop.unpredicted, 'image')}` : 'Add a model' };
    case 'correct': return { step: 'correct', words: loop.submitted === 0 ? 'Correct the first image' : 'Correct the next image' };
    case 'freeze': return { step: 'freeze', words: `Freeze v${(loop.version?.number ?? 0) + 1}` };
    case 'train': return { step: 'train', words: isTraining(loop) ? 'Watch the training' : `Train on v${loop.version?.number ?? 1}` };
    case 'promote': return { step: 'promote', words: 'Decide on the new model' };
  }
}

/** The loop bar's five cells. `predictJob` is the live prediction job, if any. */
export function stepViews(loop: Loop, predictJob: JobDto | null): StepView[] {
  const next: ShownStep = loop.next === 'import' ? 'predict' : loop.next === 'classes' ? 'correct' : loop.next;
  return STEPS.map((step) => {
    const view = describe(step, loop, predictJob);
    const busy = (step === 'predict' && predictJob !== null) || (step === 'train' && isTraining(loop));
    return { step, name: NAMES[step], ...view, isNext: step === next, state: busy ? 'busy' : step !== next && isDone(step, loop) ? 'done' : 'todo' };
  });
}

type Description = Pick<StepView, 'figure' | 'note' | 'share'>;

function describe(step: ShownStep, loop: Loop, predictJob: JobDto | null): Description {
  switch (step) {
    case 'predict': return predictView(loop, predictJob);
    case 'correct': return correctView(loop);
    case 'freeze': return freezeView(loop);
    case 'train': return trainView(loop);
    case 'promote': return promoteView(loop);
  }
}

function predictView(loop: Loop, job: JobDto | null): Description {
  if (job) return { figure: jobProgress(job), note: loop.model?.name ?? '', share: job.total ? job.done / job.total : null };
  if (loop.images === 0) return { figure: 'no images', note: 'import some first', share: null };
  const note = loop.model ? `${loop.model.name}${loop.unpredicted > 0 ? ` · ${count(loop.unpredicted)} to do` : ''}` : 'no model yet';
  return { figure: counted(loop.predicted, 'image'), note, share: null };
}

function correctView(loop: Loop): Description {
  if (loop.tasks === 0) return { figure: '–', note: 'nothing waits', share: null };
  const aside = loop.skipped > 0 ? [skippedWords(loop.skipped)] : [];
  const notes = loop.submitted === 0 ? ['only what is wrong'] : [`${count(loop.corrected)} changed`, `${count(loop.submitted - loop.corrected)} ok`];
  return { figure: `${count(loop.submitted)} of ${count(loop.tasks)}`, note: [...notes, ...aside].join(' · '), share: loop.submitted / loop.tasks };
}

function freezeView(loop: Loop): Description {
  const number = loop.version?.number ?? 0;
  if (loop.unfrozen > 0) return { figure: `v${number + 1} next`, note: `+${counted(loop.unfrozen, 'image')}`, share: null };
  return loop.version ? { figure: `v${number}`, note: counted(loop.version.images, 'image'), share: null } : { figure: '–', note: 'no version yet', share: null };
}

function trainView(loop: Loop): Description {
  const { run } = loop;
  if (!run) return { figure: '–', note: 'no run yet', share: null };
  if (run.state === 'training') return { figure: `epoch ${run.epoch}/${run.epochs}`, note: `run ${run.number}${run.map === null ? '' : ` · mAP ${score(run.map)}`}`, share: run.epochs > 0 ? run.epoch / run.epochs : null };
  return { figure: `run ${run.number}`, note: run.state === 'done' ? `mAP ${score(run.map)}` : run.state, share: null };
}

function promoteView(loop: Loop): Description {
  if (loop.run?.waiting) return { figure: 'to decide', note: `the model of run ${loop.run.number}`, share: null };
  const note = loop.model ? `mAP ${score(loop.model.map)} now` : 'no model yet';
  return { figure: loop.gain === null ? '–' : `${signed(loop.gain)} mAP`, note, share: null };
}

function isDone(step: ShownStep, loop: Loop): boolean {
  switch (step) {
    case 'predict': return loop.predicted > 0 && loop.unpredicted === 0;
    case 'correct': return loop.tasks > 0 && loop.submitted + loop.skipped >= loop.tasks;
    case 'freeze': return loop.version !== null && loop.unfrozen === 0;
    case 'train': return loop.run?.state === 'done' && loop.unfrozen === 0;
    case 'promote': return false;
  }
}
