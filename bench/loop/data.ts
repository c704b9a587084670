/** The sets as lists of pictures with their true boxes, whatever format they lie in. Pictures are shrunk to the size that the network sees. */
import { access, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { readDataYaml } from '#core/dataset/dataYaml.ts';
import { parseLabels, shapeOf } from '#core/dataset/yolo.ts';
import type { Box } from '#core/geometry/box.ts';
import { generator } from '#core/training/random.ts';
import { DEMO, demoImage } from '../../server/demo/generator.ts';
import { CLASSES } from '../../server/demo/truth.ts';
import { encode } from '../../server/demo/write.ts';
import { SIDE, START, VALID, type SetName } from './plan.ts';

/** `box`: fractions of width and height, [x, y, w, h], x and y of the upper left corner. */
export interface Labelled { class: number; box: Box }
export interface Picture {
  /** Without a file ending; unique in its set. */
  name: string;
  objects: Labelled[];
  bytes: () => Promise<Buffer>;
}
export interface DataSet {
  classes: string[];
  /** The labelled first ones, those that wait for people, and the frozen validation split. */
  start: Picture[];
  waiting: Picture[];
  valid: Picture[];
}

const FOLDER = process.env['EMEND_DATASETS'] ?? join(import.meta.dirname, '../../../shared/datasets');
/** Relative to which fractions are worked out. */
const UNIT = { width: 1, height: 1 };

/** The demo's pictures are made; the others are no part of the repository. */
export function isAtHand(name: SetName): Promise<boolean> {
  return name === 'demo' ? Promise.resolve(true) : access(join(FOLDER, name)).then(() => true, () => false);
}

/** The validation split is the same for every seed; which pictures are labelled at first is the seed's. */
export async function readSet(name: SetName, seed: number): Promise<DataSet> {
  const { classes, train, valid } = await READERS[name]();
  const random = generator(seed);
  const first = new Set(train.map((picture) => ({ picture, at: random() })).toSorted((a, b) => a.at - b.at).slice(0, START).map(({ picture }) => picture));
  const small = (picture: Picture): Picture => ({ ...picture, bytes: () => shrink(picture, SIDE[name], seed) });
  return {
    classes, start: train.filter((p) => first.has(p)).map(small), waiting: train.filter((p) => !first.has(p)).map(small), valid: valid.slice(0, VALID).map(small),
  };
}

/** The seed goes into the file: the order by chance goes by the bytes, and is another one for each seed. */
async function shrink({ bytes }: Picture, side: number, seed: number): Promise<Buffer> {
  return sharp(await bytes()).resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true }).withExif({ IFD0: { ImageDescription: `seed ${seed}` } }).jpeg({ quality: 92 }).toBuffer();
}

export function labelText({ objects }: Picture): string {
  return objects.map(({ class: index, box: [x, y, w, h] }) => `${index} ${[x + w / 2, y + h / 2, w, h].map((v) => v.toFixed(6)).join(' ')}\n`).join('');
}

type Raw = Record<'train' | 'valid', Picture[]> & { classes: string[] };
const READERS: Readonly<Record<SetName, () => Promise<Raw>>> = { 'bccd-roboflow': () => readYolo(join(FOLDER, 'bccd-roboflow')), 'deeppcb-coco': () => readCoco(join(FOLDER, 'deeppcb-coco')), demo: readDemo };

async function readYolo(folder: string): Promise<Raw> {
  const split = async (part: string): Promise<Picture[]> => {
    const files = (await readdir(join(folder, part, 'images'))).toSorted();
    return Promise.all(files.map(async (file) => {
      const name = file.replace(/\.\w+$/, '');
      const { rows } = parseLabels(await readFile(join(folder, part, 'labels', `${name}.txt`), 'utf8'));
      const objects = rows.flatMap((row): Labelled[] => { const { shape } = shapeOf(row, UNIT, 'detect'); return shape ? [{ class: shape.class, box: shape.box }] : []; });
      return { name, objects, bytes: () => readFile(join(folder, part, 'images', file)) };
    }));
  };
  const { names } = readDataYaml(parse(await readFile(join(folder, 'data.yaml'), 'utf8')));
  return { classes: [...names], train: await split('train'), valid: await split('valid') };
}

const Coco = Type.Object({
  categories: Type.Array(Type.Object({ id: Type.Integer(), name: Type.String() })),
  images: Type.Array(Type.Object({ id: Type.Integer(), file_name: Type.String(), width: Type.Number(), height: Type.Number() })),
  annotations: Type.Array(Type.Object({ image_id: Type.Integer(), category_id: Type.Integer(), bbox: Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()]) })),
});

/** Without splits of its own: every sixth picture by name is for validation. The product reads YOLO's layout only, so the bench hands it that. */
async function readCoco(folder: string): Promise<Raw> {
  const { categories, images, annotations } = Value.Parse(Coco, JSON.parse(await readFile(join(folder, '_annotations.coco.json'), 'utf8')));
  const pictures = images.toSorted((a, b) => (a.file_name < b.file_name ? -1 : 1)).map(({ id, file_name: file, width, height }): Picture => ({
    name: basename(file).replace(/\.\w+$/, ''), bytes: () => readFile(join(folder, 'images', file)),
    objects: annotations.filter((a) => a.image_id === id).map(({ category_id: category, bbox: [x, y, w, h] }) => ({ class: categories.findIndex((c) => c.id === category), box: [x / width, y / height, w / width, h / height] })),
  }));
  const isValid = (_: Picture, i: number): boolean => i % 6 === 0;
  return { classes: categories.map((c) => c.name), train: pictures.filter((p, i) => !isValid(p, i)), valid: pictures.filter(isValid) };
}

/** The pictures of the demo project, as a project of boxes: its masks would take several times as long to train on. */
async function readDemo(): Promise<Raw> {
  const pictures = Array.from({ length: DEMO.count }, (_, index) => {
    const image = demoImage(index);
    const objects = image.instances.map(({ class: label, box: [x, y, w, h] }): Labelled => ({ class: label, box: [x / image.width, y / image.height, w / image.width, h / image.height] }));
    const bytes = encode(image);
    return { part: image.part, picture: { name: image.name.replace(/\.\w+$/, ''), objects, bytes: () => bytes } };
  });
  const of = (valid: boolean): Picture[] => pictures.filter(({ part }) => (part === 'valid') === valid).map(({ picture }) => picture);
  return { classes: [...CLASSES], train: of(false), valid: of(true) };
}
