import { openAsBlob } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ImportDto, type ImportOptions, type ImportPlan } from '#core/api/import.ts';
import type { Api } from '../api.ts';
import { CliError, textFlag, type Call, type Command, type Flags } from '../command.ts';
import { poll } from '../wait.ts';
import { createProject } from './project.ts';

/** Files of one request: few enough that a break costs little. */
const PER_REQUEST = 40;
const BYTES_PER_REQUEST = 64 * 1024 * 1024;
const SHOWN_PROBLEMS = 20;

interface LocalFile { file: string; path: string; bytes: number }

export const importCommand: Command = {
  name: 'import', usage: '<folder | zip | pictures…>',
  summary: 'Bring pictures or a YOLO export into a project',
  options: {
    project: { type: 'string' }, 'new-project': { type: 'string' }, task: { type: 'string' }, rows: { type: 'string' }, split: { type: 'string' }, draw: { type: 'string' }, leaks: { type: 'string' },
    'no-labels': { type: 'boolean' }, 'dry-run': { type: 'boolean' },
  },
  help: [
    ['--project NAME', 'id or name of the project that it goes into'], ['--new-project NAME', 'or make one, with --task segment (masks and boxes) or --task detect (boxes alone)'], ['--rows detect|segment', 'how label rows are read, where they could be both'],
    ['--split train|valid|test', 'where pictures without a split go'], ['--draw SHARE', 'where nothing is there to validate on, draw this share (0.2) of the labelled pictures for it'],
    ['--leaks keep|exclude|move', 'what becomes of pictures that look like one in another split'], ['--no-labels', 'take the pictures only'], ['--dry-run', 'show the plan and write nothing'],
  ],
  async run(call) {
    const api = call.api();
    const options = optionsOf(call.flags);
    const files = await collect(call);
    const project = await targetOf(api, call.flags);
    const { id } = await api.post(ImportDto, `/projects/${project.id}/imports`);
    await upload(api, id, files, call.note);
    await api.post(ImportDto, `/imports/${id}/plan`, options);
    const plan = await planned(api, id, call.note);
    const lines = describe(plan);
    if (call.flags['dry-run'] === true) {
      await api.delete(`/imports/${id}`);
      return { json: plan, lines: [...lines, 'Nothing was written.'] };
    }
    if (plan.questions.length > 0) {
      await api.delete(`/imports/${id}`);
      throw new CliError(`${plan.questions.map((q) => `${q.text} Answer with ${answerOf(q.id)}.`).join('\n')}\n${textFlag(call.flags, 'new-project') === undefined ? 'Nothing was written.' : `"${project.name}" was made and is empty; go on with --project.`}`, 2);
    }
    await api.post(ImportDto, `/imports/${id}/apply`);
    const done = await settled(api, id, 'applying', call.note);
    if (done.state !== 'applied') throw new CliError(done.error ?? 'The import was cancelled.');
    return { json: done, lines: [...lines, `Imported ${plan.images.new} pictures into "${project.name}".`] };
  },
};

/** Never a guess: pictures in the wrong project cannot be taken out again. */
async function targetOf(api: Api, flags: Flags): Promise<{ id: string; name: string }> {
  const [known, made] = [textFlag(flags, 'project'), textFlag(flags, 'new-project')];
  if ((known === undefined) === (made === undefined)) {
    const names = (await api.projects()).map((p) => `"${p.name}"`).join(', ');
    throw new CliError(`Say where it goes: --project NAME${names === '' ? '' : ` (${names})`}, or --new-project NAME --task segment|detect.`, 2);
  }
  if (made === undefined) return api.project(known);
  if (flags['dry-run'] === true) throw new CliError('A dry run makes no project. Make one with "emend project create", or leave --dry-run out.', 2);
  return createProject(api, made, flags);
}

function answerOf(question: ImportPlan['questions'][number]['id']): string {
  switch (question) {
    case 'rows': return '--rows detect or --rows segment';
    case 'split': return '--split train, valid or test, or --draw 0.2';
    case 'classes': return 'the Import page, which shows the classes side by side';
  }
}

function optionsOf(flags: Flags): ImportOptions {
  const rows = textFlag(flags, 'rows');
  const split = textFlag(flags, 'split');
  if (rows !== undefined && rows !== 'detect' && rows !== 'segment') throw new CliError('--rows is detect or segment.', 2);
  if (split !== undefined && split !== 'train' && split !== 'valid' && split !== 'test') throw new CliError('--split is train, valid or test.', 2);
  const leaks = textFlag(flags, 'leaks');
  if (leaks !== undefined && leaks !== 'keep' && leaks !== 'exclude' && leaks !== 'move') throw new CliError('--leaks is keep, exclude or move.', 2);
  const draw = textFlag(flags, 'draw');
  const share = Number(draw ?? 0);
  if (!(share >= 0 && share <= 0.5)) throw new CliError('--draw is a share from 0 to 0.5.', 2);
  return {
    ...(rows ? { rows } : {}), ...(split ? { split } : draw !== undefined ? { split: 'train' } : {}), ...(leaks ? { leaks } : {}), ...(draw === undefined ? {} : { draw: share }), ...(flags['no-labels'] === true ? { labels: false } : {}),
  };
}

async function collect({ args, cwd }: Call): Promise<LocalFile[]> {
  if (args.length === 0) throw new CliError('Name a folder, a zip file or pictures.', 2);
  const lists = await Promise.all(args.map((arg) => list(resolve(cwd, arg), arg)));
  const files = lists.flat();
  if (files.length === 0) throw new CliError('There are no files in it.', 2);
  return files;
}

async function list(path: string, shown: string): Promise<LocalFile[]> {
  const about = await stat(path).catch(() => { throw new CliError(`There is no file or folder ${shown}.`, 2); });
  if (!about.isDirectory()) return [{ file: path, path: basename(path), bytes: about.size }];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return Promise.all(entries.filter((e) => e.isFile() && !e.name.startsWith('.')).map(async (entry) => {
    const file = join(entry.parentPath, entry.name);
    return { file, path: file.slice(path.length + 1).replaceAll('\\', '/'), bytes: (await stat(file)).size };
  }));
}

async function upload(api: Api, id: string, files: readonly LocalFile[], note: (line: string) => void): Promise<void> {
  for (let sent = 0; sent < files.length;) {
    const form = new FormData();
    let bytes = 0;
    let count = 0;
    for (const { file, path, bytes: size } of files.slice(sent, sent + PER_REQUEST)) {
      if (count > 0 && bytes + size > BYTES_PER_REQUEST) break;
      form.append(path, await openAsBlob(file), basename(path));
      bytes += size;
      count++;
    }
    await api.send(ImportDto, `/imports/${id}/files`, form);
    sent += count;
    note(`Uploaded ${sent} of ${files.length} files`);
  }
}

function settled(api: Api, id: string, state: 'planning' | 'applying', note: (line: string) => void): Promise<ImportDto> {
  return poll(() => api.get(ImportDto, `/imports/${id}`), (row) => row.state !== state, () => (state === 'planning' ? 'Reading what was uploaded' : 'Writing'), note);
}

async function planned(api: Api, id: string, note: (line: string) => void): Promise<ImportPlan> {
  const { plan, error } = await settled(api, id, 'planning', note);
  if (!plan) throw new CliError(error ?? 'The upload could not be planned.');
  return plan;
}

function describe({ images, labels, classes, problems, problemCounts, leaks, draw }: ImportPlan): string[] {
  const total = Object.values(problemCounts).reduce((sum, n) => sum + n, 0);
  return [
    `${images.found} pictures: ${images.new} new, ${images.duplicates} known already, ${images.broken} unreadable, ${images.rotated} turned upright`,
    `${labels.instances} labels in ${labels.files} files; ${labels.rowsLeftOut} rows left out, ${labels.imagesWithoutLabels} pictures without labels`,
    ...classes.map((c) => `  class ${c.id} ${c.name}: ${c.instances} labels, ${c.target === 'new' ? 'a new class' : c.target === 'skip' ? 'left out' : `class ${c.target} of the project`}`),
    ...(leaks && leaks.images > 0 ? [`${leaks.images} pictures look like one in another split, or were made from the same (--leaks exclude or move)`] : []),
    ...(draw ? [`nothing to validate on: --draw ${draw.share} sets ${draw.images} of ${draw.of} labelled pictures aside`] : []),
    ...problems.slice(0, SHOWN_PROBLEMS).map((p) => `  ${p.level} ${p.file}${p.line === null ? '' : `:${p.line}`} ${p.message}`),
    ...(total > SHOWN_PROBLEMS ? [`  and ${total - SHOWN_PROBLEMS} more`] : []),
  ];
}
