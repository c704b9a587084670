import { openAsBlob } from 'node:fs';
import { basename, resolve } from 'node:path';
import { Type } from 'typebox';
import { DatasetVersionDto } from '#core/api/dataset.ts';
import { JobDto } from '#core/api/job.ts';
import { ModelDto } from '#core/api/model.ts';
import { CliError, table, textFlag, wholeFlag, type Call, type Command } from '../command.ts';
import { waitForJob } from '../wait.ts';
import type { Api, Project } from '../api.ts';

const PROJECT = ['--project NAME', 'id or name; may be left out where there is one'] as const;

export const exportCommand: Command = {
  name: 'export', usage: '', summary: 'Write JSON, masks and overlays, or a dataset version as YOLO files, into a zip',
  options: { project: { type: 'string' }, version: { type: 'string' }, out: { type: 'string', short: 'o' } },
  help: [PROJECT, ['--version N', 'the YOLO files of this dataset version'], ['-o, --out FILE', 'the zip; emend-files.zip or version-N.zip']],
  async run(call) {
    const api = call.api();
    const number = wholeFlag(call.flags, 'version');
    const project = await api.project(textFlag(call.flags, 'project'));
    const file = resolve(call.cwd, textFlag(call.flags, 'out') ?? (number === undefined ? 'emend-files.zip' : `version-${number}.zip`));
    await api.download(number === undefined ? await files(api, project, call) : await version(api, project, number), file);
    return { json: { file }, lines: [`Written to ${file}`] };
  },
};

async function files(api: Api, project: Project, { note }: Call): Promise<string> {
  const job = await waitForJob(api, project.id, await api.post(JobDto, `/projects/${project.id}/files`), note);
  return `/jobs/${job.id}/file`;
}

async function version(api: Api, project: Project, number: number): Promise<string> {
  const found = (await api.get(Type.Array(DatasetVersionDto), `/projects/${project.id}/versions`)).find((v) => v.number === number);
  if (!found) throw new CliError(`"${project.name}" has no dataset version ${number}.`, 2);
  return `/versions/${found.id}/export.zip`;
}

export const models: Command = {
  name: 'models', usage: '[list | upload FILE.onnx | promote N | download N]', summary: 'The model versions of a project',
  options: { project: { type: 'string' }, reason: { type: 'string' }, out: { type: 'string', short: 'o' } },
  help: [PROJECT, ['--reason TEXT', 'why a model is promoted by hand; it is recorded'], ['-o, --out FILE', 'where a download goes; model-N.onnx']],
  async run(call) {
    const api = call.api();
    const [action = 'list', subject] = call.args;
    const project = await api.project(textFlag(call.flags, 'project'));
    switch (action) {
      case 'list': return list(await all(api, project));
      case 'upload': return list([await upload(api, project, call, subject)]);
      case 'promote': {
        const reason = textFlag(call.flags, 'reason');
        return list([await api.post(ModelDto, `/models/${(await byNumber(api, project, subject)).id}/promote`, reason === undefined ? {} : { reason })]);
      }
      case 'download': {
        const model = await byNumber(api, project, subject);
        const file = resolve(call.cwd, textFlag(call.flags, 'out') ?? `model-${model.number}.onnx`);
        await api.download(`/models/${model.id}/weights.onnx`, file);
        return { json: { file }, lines: [`Written to ${file}`] };
      }
      default: throw new CliError(`models can list, upload, promote and download, not "${action}".`, 2);
    }
  },
};

function all(api: Api, project: Project) {
  return api.get(Type.Array(ModelDto), `/projects/${project.id}/models`);
}

async function byNumber(api: Api, project: Project, text: string | undefined): Promise<ModelDto> {
  const found = (await all(api, project)).find((m) => String(m.number) === text);
  if (!found) throw new CliError(`"${project.name}" has no model ${text ?? 'without a number'}.`, 2);
  return found;
}

async function upload(api: Api, project: Project, { cwd }: Call, file: string | undefined): Promise<ModelDto> {
  if (file === undefined) throw new CliError('Name the ONNX file.', 2);
  const blob = await openAsBlob(resolve(cwd, file)).catch(() => { throw new CliError(`${file} cannot be read.`, 2); });
  const form = new FormData();
  form.append('file', blob, basename(file));
  return api.send(ModelDto, `/projects/${project.id}/models`, form);
}

function list(rows: readonly ModelDto[]) {
  const percent = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : `${(100 * value).toFixed(1)} %`);
  const lines = table([['', 'model', 'origin', 'mAP50-95', 'mAP50'], ...rows.map((m) => [m.current ? '*' : '', `${m.number} ${m.name}`, m.origin, percent(m.metrics?.map), percent(m.metrics?.map50)])]);
  return { json: rows, lines: rows.length ? lines : ['There is no model yet.'] };
}
