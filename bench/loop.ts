/**
 * The loop on a real data set, played by a perfect annotator through the API of a running Emend:
 *
 *   EMEND_URL=http://127.0.0.1:4400 EMEND_TOKEN=emend_… node bench/loop.ts FOLDER [--start 60] [--round 40] [--rounds 1] [--epochs 30]
 *
 * FOLDER is a Roboflow export for detection. `start` training images are imported with their labels, the validation split as it is, the others without labels; each
 * round corrects `round` images, freezes and fine-tunes. Prints minutes and mAP.
 */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Type, type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { ImportDto } from '#core/api/import.ts';
import { NextTasks, TaskDto } from '#core/api/image.ts';
import { JobDto } from '#core/api/job.ts';
import { ProjectDto } from '#core/api/project.ts';
import { EpochPoint, RunDto } from '#core/api/run.ts';
import { readDataYaml } from '#core/dataset/dataYaml.ts';
import { parseLabels, shapeOf } from '#core/dataset/yolo.ts';
import { Annotator, type Corrections, type Truth } from './annotator.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { start: { type: 'string', default: '60' }, round: { type: 'string', default: '40' }, rounds: { type: 'string', default: '1' }, epochs: { type: 'string', default: '30' } },
});
const [folder = ''] = positionals;
const url = process.env['EMEND_URL'] ?? 'http://127.0.0.1:4400';
const token = process.env['EMEND_TOKEN'] ?? '';

async function call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
  const form = body instanceof FormData;
  const answer = await fetch(`${url}/api/v1${path}`, {
    method, headers: { authorization: `Bearer ${token}`, ...(body === undefined || form ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 500)}`);
  return JSON.parse(text);
}
async function ask<T extends TSchema>(schema: T, method: 'GET' | 'POST', path: string, body?: unknown): Promise<Static<T>> {
  return Value.Parse(schema, await call(method, path, body));
}

async function importAll(project: string, names: readonly string[]): Promise<Map<string, string>> {
  const labels = new Map<string, string>();
  const { id } = await ask(ImportDto, 'POST', `/projects/${project}/imports`);
  const files: [string, Buffer][] = [['data.yaml', await readFile(join(folder, 'data.yaml'))]];
  for (const split of ['train', 'valid']) {
    const images = (await readdir(join(folder, split, 'images'))).toSorted();
    for (const [index, image] of images.entries()) {
      const stem = image.replace(/\.\w+$/, '');
      const text = await readFile(join(folder, split, 'labels', `${stem}.txt`), 'utf8');
      const labelled = split === 'valid' || index < Number(values.start);
      files.push([labelled ? `${split}/images/${image}` : `batch/${image}`, await readFile(join(folder, split, 'images', image))]);
      if (labelled) files.push([`${split}/labels/${stem}.txt`, Buffer.from(text)]);
      else labels.set(stem, text);
    }
  }
  for (let at = 0; at < files.length; at += 50) {
    const form = new FormData();
    for (const [path, bytes] of files.slice(at, at + 50)) form.append(path, new Blob([new Uint8Array(bytes)]), basename(path));
    await call('POST', `/imports/${id}/files`, form);
  }
  await call('POST', `/imports/${id}/plan`, {});
  await until(async () => (await ask(ImportDto, 'GET', `/imports/${id}`)).state === 'planned');
  await call('POST', `/imports/${id}/apply`);
  await until(async () => (await ask(ImportDto, 'GET', `/imports/${id}`)).state === 'applied');
  console.info(`imported ${names.length} classes, ${files.length} files`);
  return labels;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await sleep(500);
}

async function train(project: string): Promise<void> {
  await call('POST', `/projects/${project}/versions`, {});
  const began = Date.now();
  const { id } = await ask(RunDto, 'POST', `/projects/${project}/runs`, { config: { preset: 'custom', epochs: Number(values.epochs), imgsz: 320 } });
  await until(async () => ['done', 'failed', 'cancelled'].includes((await ask(RunDto, 'GET', `/runs/${id}`)).state));
  const run = await ask(RunDto, 'GET', `/runs/${id}`);
  const points = await ask(Type.Array(EpochPoint), 'GET', `/runs/${id}/epochs`);
  console.info(`run ${run.number}: ${run.state}, ${((Date.now() - began) / 60_000).toFixed(1)} min, ${run.datasetVersion.images} images${run.error === null ? '' : `, ${run.error}`}`);
  console.info(`  mAP50 by epoch ${points.map((p) => (p.map50 ?? 0).toFixed(2)).join(' ')}`);
  if (run.gate) console.info(`  gate ${run.gate.decision}: mAP50 ${run.gate.old?.map50?.toFixed(3) ?? '–'} → ${run.gate.new.map50?.toFixed(3)}, mAP50-95 ${run.gate.old?.map?.toFixed(3) ?? '–'} → ${run.gate.new.map?.toFixed(3)}`);
  await decide(run);
}

/** The engineer of the bench goes by the figures where the gate leaves it to a person. */
async function decide({ id, gate, outModel }: Static<typeof RunDto>): Promise<void> {
  if (gate?.decision !== 'undecided' || !outModel) return;
  const reason = 'the bench goes by the figures alone';
  if ((gate.new.map ?? 0) >= (gate.old?.map ?? 0)) await call('POST', `/models/${outModel.id}/promote`, { reason });
  else await call('POST', `/runs/${id}/keep`, { reason });
}

async function correctRound(project: string, annotator: Annotator, labels: ReadonlyMap<string, string>): Promise<void> {
  await until(async () => !(await ask(Type.Array(JobDto), 'GET', `/projects/${project}/jobs`)).some((j) => j.kind === 'predict' && (j.state === 'queued' || j.state === 'running')));
  const sum: Corrections = { kept: 0, drawn: 0, rejected: 0, relabelled: 0 };
  for (let i = 0; i < Number(values.round); i++) {
    const { current } = await ask(NextTasks, 'POST', `/projects/${project}/tasks/next`, {});
    if (!current) break;
    const task = await ask(TaskDto, 'GET', `/tasks/${current.id}`);
    const text = labels.get(basename(task.image.name).replace(/\.\w+$/, '')) ?? '';
    const size = { width: task.image.width, height: task.image.height };
    const truth = parseLabels(text).rows.flatMap((row): Truth[] => { const { shape } = shapeOf(row, size, 'detect'); return shape ? [{ class: shape.class, box: shape.box }] : []; });
    const done = await annotator.correct(task, truth);
    for (const key of ['kept', 'drawn', 'rejected', 'relabelled'] as const) sum[key] += done[key];
  }
  console.info(`corrected ${values.round} images: ${sum.kept} predictions kept, ${sum.drawn} drawn, ${sum.rejected} rejected, ${sum.relabelled} relabelled`);
}

const names = readDataYaml(parse(await readFile(join(folder, 'data.yaml'), 'utf8'))).names;
const project = await ask(ProjectDto, 'POST', '/projects', { name: `Loop on ${basename(folder)}`, task: 'detect', classes: names });
const labels = await importAll(project.id, names);
await train(project.id);
const annotator = new Annotator(url, token, call);
for (let round = 0; round < Number(values.rounds); round++) {
  await correctRound(project.id, annotator, labels);
  await train(project.id);
}
annotator.close();
