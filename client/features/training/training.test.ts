import { describe, expect, it } from 'vitest';
import type { RunDto } from '#core/api/run.ts';
import { stageViews } from './stages.ts';
import { estimate, measureOf, timeWords } from './timeWords.ts';
import { presetConfig } from '#core/training/presets.ts';

const progress = { message: null, epoch: 19, epochs: 30, batch: 0, batches: 0, imagesPerSecond: null, secondsLeft: null, map: null, map50: null, stageShare: null };
const run: RunDto = {
  id: 'r', number: 4, state: 'training', config: { ...presetConfig('quick', { hasBase: true, gpu: false, images: 205, inputSize: null, freshWeight: 2 }), epochs: 12, imgsz: 320 }, progress, gate: null, decided: null, error: null, device: null, datasetVersion: { id: 'v', number: 4, images: 200 },
  baseModel: null, outModel: null, createdBy: 'A', createdAt: '2026-11-23T10:00:00Z', startedAt: '2026-11-23T10:00:00Z', endedAt: null,
};

describe('the stage bar', () => {
  it('shows where a run is', () => {
    const views = stageViews(run);
    expect(views.map((v) => v.state)).toEqual(['done', 'now', 'todo', 'todo', 'todo']);
    expect(views[1]?.words).toBe('Train, epoch 19 of 30');
    expect(views[1]?.share).toBeCloseTo(19 / 30);
    expect(stageViews({ ...run, state: 'done' }).every((v) => v.state === 'done')).toBe(true);
    expect(stageViews({ ...run, state: 'queued' })[0]?.state).toBe('now');
    expect(stageViews({ ...run, state: 'evaluating', progress: { ...progress, epoch: 0 } }).map((v) => v.state), 'the present model is measured first').toEqual(['now', 'todo', 'todo', 'todo', 'todo']);
  });

  it('shows where a run stopped', () => {
    expect(stageViews({ ...run, state: 'failed' })[1]?.state).toBe('ended');
    expect(stageViews({ ...run, state: 'failed', progress: { ...progress, epoch: 0 } })[0]?.state).toBe('ended');
    expect(stageViews({ ...run, state: 'cancelled', progress: { ...progress, epoch: 30 } })[2]?.state).toBe('ended');
  });
});

describe('how long it will take', () => {
  const plan = { epochs: 12, imgsz: 320, images: 205 };

  it('says what the number rests on', () => {
    expect(estimate(plan, { gpu: false, earlier: null })).toBeCloseTo(300);
    expect(timeWords(plan, { gpu: false, earlier: null })).toBe('no GPU, so about 5 min');
    expect(timeWords(plan, { gpu: true, earlier: null })).toBe('on the GPU, about 1 min');
    expect(timeWords(plan, { gpu: null, earlier: null })).toBe('about 5 min without a GPU, far less with one');
  });

  it('goes by an earlier run where there is one', () => {
    const done: RunDto = { ...run, state: 'done', endedAt: '2026-11-23T10:04:00Z' };
    const earlier = measureOf([done, { ...run, number: 5 }]);
    expect(earlier).toMatchObject({ seconds: 240, number: 4 });
    expect(timeWords({ epochs: 24, imgsz: 320, images: 200 }, { gpu: false, earlier })).toBe('about 8 min, going by run 4');
    expect(measureOf([run])).toBeNull();
  });
});
