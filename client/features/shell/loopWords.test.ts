import { describe, expect, it } from 'vitest';
import type { Loop } from '#core/api/project.ts';
import type { JobDto } from '#core/api/job.ts';
import { nextAction, stepViews } from './loopWords.ts';

const model = { id: 'm', number: 1, name: 'yolo11n-seg', map: 0.718, map50: 0.9 };
const base: Loop = {
  iteration: 3, next: 'correct', model, images: 1204, predicted: 312, unpredicted: 0, tasks: 312, submitted: 184, corrected: 60, skipped: 0,
  toReview: 0, unfrozen: 184, version: { id: 'v', number: 3, images: 1020 }, run: null, gain: null, predictJobId: null,
};
const job: JobDto = {
  id: 'j', projectId: 'p', kind: 'predict', state: 'running', done: 40, total: 312, message: null, error: null, subjectId: null,
  createdAt: '2026-11-23T10:00:00Z', startedAt: null, endedAt: null,
};

describe('the next action', () => {
  it('says what pressing it does', () => {
    expect(nextAction({ ...base, next: 'import' }).words).toBe('Import images');
    expect(nextAction({ ...base, next: 'predict', unpredicted: 1 }).words).toBe('Predict 1 image');
    expect(nextAction({ ...base, next: 'predict', model: null }).words).toBe('Add a model');
    expect(nextAction(base).words).toBe('Correct the next image');
    expect(nextAction({ ...base, submitted: 0 }).words).toBe('Correct the first image');
    expect(nextAction({ ...base, next: 'freeze' }).words).toBe('Freeze v4');
    expect(nextAction({ ...base, next: 'train' }).words).toBe('Train on v3');
    expect(nextAction({ ...base, next: 'train', run: { id: 'r', number: 1, state: 'training', epoch: 2, epochs: 12, map: null, waiting: false } }).words).toBe('Watch the training');
    expect(nextAction({ ...base, next: 'promote' }).words).toBe('Decide on the new model');
  });
});

describe('the loop bar', () => {
  it('highlights exactly one step, also while it goes on', () => {
    for (const next of ['import', 'classes', 'predict', 'correct', 'freeze', 'train', 'promote'] as const) {
      expect(stepViews({ ...base, next }, null).filter((s) => s.isNext)).toHaveLength(1);
      expect(stepViews({ ...base, next }, job).filter((s) => s.isNext)).toHaveLength(1);
    }
  });

  it('counts what each step counts', () => {
    const [predict, correct, freeze, train, promote] = stepViews(base, null);
    expect(predict).toMatchObject({ state: 'done', figure: '312 images', note: 'yolo11n-seg' });
    expect(correct).toMatchObject({ isNext: true, state: 'todo', figure: '184 of 312', note: '60 changed · 124 ok' });
    expect(correct?.share).toBeCloseTo(184 / 312);
    expect(stepViews({ ...base, skipped: 22 }, null)[1], 'skipped ones are not corrected').toMatchObject({ figure: '184 of 312', note: '60 changed · 124 ok · 22 skipped', share: 184 / 312 });
    expect(stepViews({ ...base, skipped: 128, next: 'freeze' }, null)[1], 'but nothing is left to do').toMatchObject({ state: 'done' });
    expect(freeze).toMatchObject({ figure: 'v4 next', note: '+184 images' });
    expect(train).toMatchObject({ figure: '–', state: 'todo' });
    expect(promote).toMatchObject({ note: 'mAP 71.8 now' });
  });

  it('shows a running prediction and a running training as busy, with how far they are', () => {
    expect(stepViews(base, job)[0]).toMatchObject({ state: 'busy', figure: '40 of 312' });
    const run = { id: 'r', number: 4, state: 'training', epoch: 7, epochs: 12, map: 0.709, waiting: false };
    expect(stepViews({ ...base, next: 'train', run }, null)[3]).toMatchObject({ state: 'busy', figure: 'epoch 7/12', note: 'run 4 · mAP 70.9' });
  });

  it('says that a model waits for a decision', () => {
    const run = { id: 'r', number: 4, state: 'done', epoch: 12, epochs: 12, map: 0.7, waiting: true };
    expect(stepViews({ ...base, run }, null)[4]).toMatchObject({ figure: 'to decide', note: 'the model of run 4' });
  });

  it('says so when nothing is there', () => {
    const empty: Loop = { ...base, next: 'import', model: null, images: 0, predicted: 0, tasks: 0, submitted: 0, corrected: 0, unfrozen: 0, version: null };
    expect(stepViews(empty, null).map((s) => s.figure)).toEqual(['no images', '–', '–', '–', '–']);
  });
});
