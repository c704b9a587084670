/** One turn of the loop through the API: choose, correct, freeze, train, decide, predict anew. */
import { basename } from 'node:path';
import { Type, type Static } from 'typebox';
import { NextTasks, TaskDto } from '#core/api/image.ts';
import { JobDto } from '#core/api/job.ts';
import { Overview, ProjectDto } from '#core/api/project.ts';
import { RunDto } from '#core/api/run.ts';
import { BY_CHANCE, BY_IMPORT } from '#core/next/reason.ts';
import { Annotator, type Truth } from './annotator.ts';
import { ClickCounter } from './clicks.ts';
import type { Labelled, Picture } from './data.ts';
import { until, type Host } from './host.ts';
import { epochsOf, ROUND, SIDE, TRAINING, type Cell, type StrategyName } from './plan.ts';
import type { Result } from './results.ts';

/** Resolves when the waiting images stand in this order. The default's places are those of the last prediction already. */
export async function choose(host: Host, project: string, order: StrategyName): Promise<void> {
  await host.ask(ProjectDto, 'PATCH', `/projects/${project}`, { settings: { order } });
  const wanted = { uncertain: null, random: BY_CHANCE, sequential: BY_IMPORT }[order];
  if (wanted !== null) await until(async () => (await host.ask(Overview, 'GET', `/projects/${project}/overview`)).next.every(({ reason }) => reason === wanted));
}

export type Work = Pick<Result, 'clicks' | 'clicksFromNothing' | 'kept' | 'drawn' | 'rejected' | 'relabelled'>;
export const NO_WORK: Work = { clicks: 0, clicksFromNothing: 0, kept: 0, drawn: 0, rejected: 0, relabelled: 0 };

/** Takes ROUND images from the queue, one after the other, and corrects them. */
export async function correct(host: Host, project: string, pictures: readonly Picture[]): Promise<Work> {
  const objects = new Map(pictures.map((picture) => [picture.name, picture.objects]));
  const annotator = new Annotator(host.origin, host.person);
  const [corrections, fromNothing] = [new ClickCounter(), new ClickCounter()];
  const sum = { ...NO_WORK };
  try {
    for (let i = 0; i < ROUND; i++) {
      const { current } = await host.ask(NextTasks, 'POST', `/projects/${project}/tasks/next`, {});
      if (!current) throw new Error(`only ${i} of ${ROUND} images were left to correct`);
      const task = await host.ask(TaskDto, 'GET', `/tasks/${current.id}`);
      const truth = truthOf(objects.get(basename(task.image.name).replace(/\.\w+$/, '')), task.image);
      const { drawn, ...done } = await annotator.correct(task, truth);
      sum.clicks += corrections.image({ drawn, ...done });
      sum.clicksFromNothing += fromNothing.image({ drawn: truth.map((t) => t.class), rejected: 0, relabelled: 0 });
      sum.drawn += drawn.length;
      for (const key of ['kept', 'rejected', 'relabelled'] as const) sum[key] += done[key];
    }
  } finally {
    annotator.close();
  }
  return sum;
}

function truthOf(objects: readonly Labelled[] | undefined, { width, height, name }: TaskDto['image']): Truth[] {
  if (!objects) throw new Error(`${name} is no picture of this set`);
  return objects.map(({ class: index, box: [x, y, w, h] }) => ({ class: index, box: [x * width, y * height, w * width, h * height] }));
}

export interface Trained extends Pick<Result, 'epochs' | 'imgsz' | 'seconds' | 'processorSeconds' | 'map50' | 'map' | 'standing50' | 'standing' | 'gate'> {
  run: RunDto;
  /** The run's model is the current one now. */
  taken: boolean;
}

/** Trains on the newest version and decides, where the gate leaves it to a person, by mAP50-95 alone. `base`: null = the present model. */
export async function train(host: Host, project: string, cell: Cell, base: string | null): Promise<Trained> {
  const { extra, ...rest } = TRAINING;
  const config = { preset: 'custom', epochs: epochsOf(cell), imgsz: SIDE[cell.set], seed: cell.seed, extra, ...rest, ...(cell.mode === 'incremental' ? {} : { freshWeight: 1 }) };
  const before = await host.childSeconds();
  const { id } = await host.ask(RunDto, 'POST', `/projects/${project}/runs`, { config, ...(base === null ? {} : { baseModelId: base }) });
  const read = (): Promise<RunDto> => host.ask(RunDto, 'GET', `/runs/${id}`);
  await until(async () => ['done', 'failed', 'cancelled'].includes((await read()).state));
  const processorSeconds = (await host.childSeconds()) - before;
  const run = await read();
  if (run.state !== 'done' || !run.gate) throw new Error(`the run ended as ${run.state}: ${run.error ?? ''}`);
  const { old, new: fresh, decision } = run.gate;
  const taken = await decide(host, run);
  const standing = taken ? fresh : old;
  return {
    run, taken, epochs: run.config.epochs, imgsz: run.config.imgsz, processorSeconds, gate: decision,
    seconds: (Date.parse(run.endedAt ?? '') - Date.parse(run.startedAt ?? '')) / 1000,
    map50: fresh.map50 ?? 0, map: fresh.map ?? 0, standing50: standing?.map50 ?? 0, standing: standing?.map ?? 0,
  };
}

async function decide(host: Host, { id, gate, outModel }: RunDto): Promise<boolean> {
  if (!gate || !outModel || gate.decision === 'hold') return false;
  if (gate.decision !== 'undecided') return true;
  const reason = 'the bench goes by the figures alone';
  const better = (gate.new.map ?? 0) >= (gate.old?.map ?? 0);
  if (better) await host.call('POST', `/models/${outModel.id}/promote`, { reason });
  else await host.call('POST', `/runs/${id}/keep`, { reason });
  return better;
}

const Jobs = Type.Array(JobDto);

/** Resolves when the run's model, if it was promoted, has looked at everything that waits, and the order is worked out anew. */
export async function predicted(host: Host, project: string, { run, taken }: Trained): Promise<void> {
  if (!taken) return;
  await until(async () => {
    const jobs: Static<typeof Jobs> = await host.ask(Jobs, 'GET', `/projects/${project}/jobs`);
    const failed = jobs.find((j) => j.kind === 'predict' && j.state === 'failed');
    if (failed) throw new Error(`the prediction failed: ${failed.error ?? ''}`);
    return jobs.some((j) => j.kind === 'predict' && j.state === 'done' && j.createdAt > run.createdAt);
  });
}
