/** A started Emend with two small projects: one whose versions are frozen and whose models are promoted, and one that is trained on. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { ImagePage } from '#core/api/image.ts';
import { ModelDto } from '#core/api/model.ts';
import { ProjectDto } from '#core/api/project.ts';
import { startEmend, type Emend } from '../harness/emend.ts';
import { ask, importFiles, signIn, type Person } from './stage.ts';

export interface LoopStage {
  emend: Emend;
  origin: string;
  admin: Person;
  /** Has labels, pictures that wait, and two models. */
  kept: { id: string; models: readonly [string, string]; image: string };
  /** Has labels of one of its two classes, pictures that wait, and no model yet. */
  taught: string;
}

const FIXTURES = join(import.meta.dirname, '../../workers/inference/fixtures');
const SIDE = 64;
type File = readonly [path: string, content: Buffer | string];

/** A bright square on grey, labelled exactly. */
async function square(at: number): Promise<{ picture: Buffer; label: string }> {
  const [x, y, side] = [4 + (at * 7) % 28, 6 + (at * 11) % 24, 20 + at % 8];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="#5${at % 10}5"/><rect x="${x}" y="${y}" width="${side}" height="${side}" fill="#eee"/></svg>`;
  const row = [(x + side / 2) / SIDE, (y + side / 2) / SIDE, side / SIDE, side / SIDE].map((v) => v.toFixed(5)).join(' ');
  return { picture: await sharp(Buffer.from(svg)).png().toBuffer(), label: `0 ${row}\n` };
}

async function labelled(classes: readonly string[], from: number, counts: { train: number; valid: number }): Promise<File[]> {
  const files: File[] = [['data.yaml', `names: [${classes.join(', ')}]\ntrain: train/images\nval: valid/images\n`]];
  let at = from;
  for (const split of ['train', 'valid'] as const) {
    for (let i = 0; i < counts[split]; i++, at++) {
      const { picture, label } = await square(at);
      files.push([`${split}/images/${at}.png`, picture], [`${split}/labels/${at}.txt`, label]);
    }
  }
  return files;
}

const waiting = (from: number, count: number): Promise<File[]> => Promise.all(Array.from({ length: count }, async (_, i): Promise<File> => [`wait${from + i}.png`, (await square(from + i)).picture]));

export async function makeLoopStage(): Promise<LoopStage> {
  const emend = await startEmend({ env: { EMEND_DEMO: '0', OMP_NUM_THREADS: '1' } });
  try {
    const origin = new URL(emend.url).origin;
    const admin = { name: 'admin', cookie: await signIn(emend.url) };
    const make = async (name: string, classes: string[], from: number, counts: { train: number; valid: number }, pictures: number): Promise<string> => {
      const { id } = await ask(origin, admin, ProjectDto, 'POST', '/projects', { name, task: 'detect', classes });
      await importFiles(origin, admin, id, await labelled(classes, from, counts));
      await importFiles(origin, admin, id, await waiting(from + 50, pictures));
      return id;
    };
    const kept = await make('Kept', ['disc', 'edge', 'bar'], 0, { train: 8, valid: 2 }, 10);
    const models = [await upload(origin, admin, kept, 'v8-detect.onnx'), await upload(origin, admin, kept, '11-detect.onnx')] as const;
    const taught = await make('Taught', ['Square', 'Empty'], 200, { train: 5, valid: 3 }, 3);
    return { emend, origin, admin, kept: { id: kept, models, image: await anImage(origin, admin, kept) }, taught };
  } catch (error) {
    await emend.remove();
    throw error;
  }
}

async function upload(origin: string, admin: Person, project: string, file: string): Promise<string> {
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(await readFile(join(FIXTURES, file)))]), file);
  return (await ask(origin, admin, ModelDto, 'POST', `/projects/${project}/models`, form)).id;
}

/** One of the labelled pictures: excluding it and taking it back makes something to freeze. */
async function anImage(origin: string, admin: Person, project: string): Promise<string> {
  const { items } = await ask(origin, admin, ImagePage, 'GET', `/projects/${project}/images?limit=500`);
  const found = items.find((image) => image.split === 'train' && !image.name.includes('wait'));
  if (!found) throw new Error('the project has no labelled picture');
  return found.id;
}
