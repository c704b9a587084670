/** The steps of the loop that need no screen: predict, freeze, train. */
import { DatasetVersionDto } from '#core/api/dataset.ts';
import { JobDto } from '#core/api/job.ts';
import { RunDto, type RunConfig } from '#core/api/run.ts';
import { CliError, textFlag, wholeFlag, type Command, type Flags } from '../command.ts';
import { poll, waitForJob } from '../wait.ts';

const PROJECT = ['--project NAME', 'id or name; may be left out where there is one'] as const;
const ENDED: readonly RunDto['state'][] = ['done', 'failed', 'cancelled', 'paused'];

export const predict: Command = {
  name: 'predict', usage: '', summary: 'Let the current model predict the pictures that wait', options: { project: { type: 'string' } }, help: [PROJECT],
  async run({ api, flags, note }) {
    const server = api();
    const project = await server.project(textFlag(flags, 'project'));
    const job = await waitForJob(server, project.id, await server.post(JobDto, `/projects/${project.id}/predict`), note);
    return { json: job, lines: [job.message ?? 'Predicted.'] };
  },
};

export const freeze: Command = {
  name: 'freeze', usage: '', summary: 'Make a dataset version of all that is submitted', options: { project: { type: 'string' }, note: { type: 'string' }, pseudo: { type: 'string' } },
  help: [PROJECT, ['--note TEXT', 'what this version is about'], ['--pseudo SCORE', 'predictions of this score and more become labels, marked, where nobody has labelled']],
  async run({ api, flags }) {
    const server = api();
    const project = await server.project(textFlag(flags, 'project'));
    const note = textFlag(flags, 'note');
    const version = await server.post(DatasetVersionDto, `/projects/${project.id}/versions`, { ...(note === undefined ? {} : { note }), ...pseudoOf(flags) });
    const { images, instances, splits } = version.stats;
    // The first version has nothing before it that its pictures could be new beside.
    const fresh = version.parentId === null ? images : version.stats.fresh;
    return { json: version, lines: [`Version ${version.number}: ${images} pictures (${splits.train} train, ${splits.valid} valid, ${splits.test} test), ${instances} labels, ${fresh} ${fresh === 1 ? 'picture' : 'pictures'} new`, `sha256 ${version.hash}`] };
  },
};

function pseudoOf(flags: Flags): { pseudo?: number } {
  const text = textFlag(flags, 'pseudo');
  if (text === undefined) return {};
  const score = Number(text);
  if (!(score >= 0.05 && score <= 0.999)) throw new CliError('--pseudo takes a score from 0.05 to 0.999.', 2);
  return { pseudo: score };
}

export const train: Command = {
  name: 'train', usage: '', summary: 'Fine-tune the current model on the newest version, and follow it',
  options: { project: { type: 'string' }, preset: { type: 'string' }, epochs: { type: 'string' }, imgsz: { type: 'string' }, batch: { type: 'string' }, 'no-wait': { type: 'boolean' } },
  help: [
    PROJECT, ['--preset quick|thorough', 'how much time it may take; quick'], ['--epochs N', 'instead of the preset’s'], ['--imgsz N', 'pixels, a multiple of 32'],
    ['--batch N', 'pictures per step'], ['--no-wait', 'begin it and return'],
  ],
  async run({ api, flags, note }) {
    const server = api();
    const config = configOf(flags);
    const project = await server.project(textFlag(flags, 'project'));
    const begun = await server.post(RunDto, `/projects/${project.id}/runs`, { config });
    if (flags['no-wait'] === true) return { json: begun, lines: [`Run ${begun.number} has begun.`] };
    const run = await poll(() => server.get(RunDto, `/runs/${begun.id}`), (r) => ENDED.includes(r.state), describe, note);
    if (run.state !== 'done') throw new CliError(run.error ?? `Run ${run.number} was cancelled; its last checkpoint is kept.`);
    return { json: run, lines: [`Run ${run.number} is done. ${run.gate?.reason ?? ''}`.trim(), ...(run.outModel ? [`Model ${run.outModel.number} ${run.outModel.current ? 'is the current model now' : 'waits to be promoted'}.`] : [])] };
  },
};

function configOf(flags: Flags): Partial<RunConfig> {
  const preset = textFlag(flags, 'preset');
  if (preset !== undefined && preset !== 'quick' && preset !== 'thorough') throw new CliError('--preset is quick or thorough.', 2);
  const [epochs, imgsz, batch] = [wholeFlag(flags, 'epochs'), wholeFlag(flags, 'imgsz'), wholeFlag(flags, 'batch')];
  const own = epochs !== undefined || imgsz !== undefined || batch !== undefined;
  return {
    ...(preset ? { preset } : own ? { preset: 'custom' } : {}), ...(epochs === undefined ? {} : { epochs }), ...(imgsz === undefined ? {} : { imgsz }), ...(batch === undefined ? {} : { batch }),
  };
}

function describe({ state, progress }: RunDto): string {
  const { message, epoch, epochs, map50 } = progress;
  if (state === 'training' && epochs > 0) return `training, epoch ${epoch} of ${epochs}${map50 === null ? '' : `, mAP50 ${map50.toFixed(3)}`}`;
  return message === null ? state : `${state}: ${message}`;
}
