/** The project of one set: made, filled by an import as a person would, and given an untrained model to begin with. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Type } from 'typebox';
import { ImportDto } from '#core/api/import.ts';
import { ProjectDto } from '#core/api/project.ts';
import { newId } from '#core/ids.ts';
import { presentEnvironment } from '../../server/features/training/environment.ts';
import { run } from '../../server/features/training/python.ts';
import { fileBlobs } from '../../server/plugins/blobs.ts';
import { labelText, type DataSet, type Picture } from './data.ts';
import { until, type Host } from './host.ts';
import { SCALE } from './plan.ts';
import type { Snapshots } from './snapshots.ts';

/** Files of one request. */
const PART = 50;

/** `labelled` pictures come with their labels, `waiting` ones without. Resolves when the import is applied. */
export async function makeProject(host: Host, name: string, { classes, valid }: DataSet, labelled: readonly Picture[], waiting: readonly Picture[]): Promise<void> {
  const project = await host.ask(ProjectDto, 'POST', '/projects', { name, task: 'detect', classes });
  const { id } = await host.ask(ImportDto, 'POST', `/projects/${project.id}/imports`);
  const files: [string, () => Promise<Buffer>][] = [['data.yaml', async () => Buffer.from(`train: ../train/images\nval: ../valid/images\nnames: ${JSON.stringify(classes)}\n`)]];
  for (const [split, pictures] of [['train', labelled], ['valid', valid]] as const) {
    for (const picture of pictures) files.push([`${split}/images/${picture.name}.jpg`, picture.bytes], [`${split}/labels/${picture.name}.txt`, async () => Buffer.from(labelText(picture))]);
  }
  for (const picture of waiting) files.push([`batch/${picture.name}.jpg`, picture.bytes]);
  for (let at = 0; at < files.length; at += PART) {
    const form = new FormData();
    for (const [path, bytes] of files.slice(at, at + PART)) form.append(path, new Blob([new Uint8Array(await bytes())]), path.split('/').at(-1) ?? path);
    await host.call('POST', `/imports/${id}/files`, form);
  }
  const state = async (): Promise<string> => (await host.ask(ImportDto, 'GET', `/imports/${id}`)).state;
  await host.call('POST', `/imports/${id}/plan`, {});
  await until(async () => (await state()) === 'planned');
  const { plan } = await host.ask(ImportDto, 'GET', `/imports/${id}`);
  if (plan?.leaks && plan.leaks.images + plan.leaks.joined > 0) console.info(`  like pictures in both splits: ${plan.leaks.images}; waiting ones that join the validation split: ${plan.leaks.joined}`);
  await host.call('POST', `/imports/${id}/apply`);
  await until(async () => (await state()) === 'applied');
}

/** The one project of a snapshot. */
export async function projectOf(host: Host): Promise<ProjectDto> {
  const [card] = await host.ask(Type.Array(Type.Object({ id: Type.String() })), 'GET', '/projects');
  return host.ask(ProjectDto, 'GET', `/projects/${card?.id ?? ''}`);
}

const UNTRAINED = 'untrained';

/** The API takes trained weights from runs alone, so this one is written beside it. It has no ONNX file and can't predict. */
export async function addUntrained({ snapshots, database, dataDir, project, seed }: { snapshots: Snapshots; database: string; dataDir: string; project: ProjectDto; seed: number }): Promise<string> {
  const environment = await presentEnvironment(dataDir);
  if (!environment) throw new Error('The trainer has no environment yet. Train once in Emend, or run its tests; then start the bench again.');
  const folder = await mkdtemp(join(tmpdir(), 'emend-bench-'));
  try {
    const file = join(folder, 'untrained.pt');
    const { code, tail } = await run(environment.python, [join(import.meta.dirname, 'untrained.py'), file, '--seed', String(seed), '--classes', String(project.classes.length), '--scale', ...SCALE.map(String)]);
    if (code !== 0) throw new Error(tail);
    const [id, sha256] = [newId(), await fileBlobs(join(dataDir, 'blobs')).putFile(file)];
    await snapshots.query(database, `INSERT INTO "ModelVersion" (id, "projectId", number, name, task, "classNames", "classMap", meta, origin, "ptSha256")
      VALUES ($1, $2, 1, $3, 'detect', $4, '[]', '{}', 'uploaded', $5)`, [id, project.id, UNTRAINED, JSON.stringify(project.classes.map((c) => c.name)), sha256]);
    return id;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function untrainedOf(host: Host, project: string): Promise<string> {
  const models = await host.ask(Type.Array(Type.Object({ id: Type.String(), name: Type.String() })), 'GET', `/projects/${project}/models`);
  return models.find(({ name }) => name === UNTRAINED)?.id ?? '';
}
