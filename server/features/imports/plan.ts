/** Planning: reads the whole upload, writes nothing to the project, leaves nothing unsaid. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { parse } from 'yaml';
import type { ImportOptions, ImportPlan } from '#core/api/import.ts';
import { readDataYaml, type DataYaml, type SplitName } from '#core/dataset/dataYaml.ts';
import { splitOf, strictest } from '#core/dataset/split.ts';
import { countRows, formatOf, shapeOf, type LabelRow, type RowCounts } from '#core/dataset/yolo.ts';
import { EmendError } from '#core/errors.ts';
import { breather } from '../../breather.ts';
import { lookAt, readHeader, type Look } from '../images/index.ts';
import type { UploadedPicture, UploadGroup } from '../splits/index.ts';
import type { AreaEntry, UploadArea } from './area.ts';
import { mapClasses, namesOf } from './classes.ts';
import type { Draft, DraftItem } from './draft.ts';
import { parsePatiently } from './patience.ts';
import { drawFromUpload, placePictures, type ToPlace } from './placing.ts';
import type { Problems } from './problems.ts';
import { sortUpload, type Sorted } from './sort.ts';

export interface PlanInput {
  area: UploadArea;
  files: readonly AreaEntry[];
  problems: Problems;
  options: ImportOptions;
  maxPixels: number;
  project: { id: string; task: 'detect' | 'segment'; classes: readonly { index: number; name: string; retired: boolean }[] };
  /** The pictures that are not in the project yet, among those that are. */
  groups: (pictures: readonly UploadedPicture[]) => Promise<ReadonlyMap<string, UploadGroup>>;
  /** Whether it has labelled validation images. */
  validated: boolean;
  /** Which of these hashes the project holds already. */
  known: (hashes: readonly string[]) => Promise<ReadonlySet<string>>;
  progress: (done: number, total: number | null, message: string) => void;
  signal: AbortSignal;
}

interface Picture { entry: AreaEntry; sha256: string; width: number; height: number; split: SplitName | null; rows: LabelRow[] | null; labels: AreaEntry | null; look: Look }
interface Tally { duplicates: number; broken: number; rotated: number; rowsLeftOut: number; instances: number[] }

const MAX_LABEL_BYTES = 32 * 1024 * 1024;
const MAX_YAML_BYTES = 1024 * 1024;

export async function makePlan(input: PlanInput): Promise<{ plan: ImportPlan; draft: Draft }> {
  const { problems, options } = input;
  const sorted = sortUpload(input.files);
  const yaml = options.labels === false ? null : await readYaml(input, sorted);
  const tally: Tally = { duplicates: 0, broken: 0, rotated: 0, rowsLeftOut: 0, instances: [] };
  const pictures = await readPictures(input, sorted, yaml, tally);
  const known = await input.known(pictures.map((p) => p.sha256));
  const counts: RowCounts = { boxes: 0, polygons: 0, quads: 0 };
  for (const picture of pictures) countRows(picture.rows ?? [], counts);
  const found = formatOf(counts);
  const format = found === 'ask' ? (options.rows ?? null) : found;
  const names = namesOf(yaml, pictures.flatMap((p) => p.rows ?? []));
  for (const picture of pictures) await checkRows(input, picture, format ?? 'segment', names.length, tally);
  reportLeftovers(input, sorted, pictures, known);
  const classes = mapClasses(names, tally.instances, options, input.project.classes);
  const labelled = pictures.filter((p) => p.rows !== null);
  const newOnes = pictures.filter((p) => !known.has(p.sha256));
  input.progress(0, null, 'Comparing the pictures');
  const groups = await input.groups(newOnes.map((p) => ({ sha256: p.sha256, path: p.entry.path, likeness: p.look.likeness })));
  const toPlace = pictures.map((p): ToPlace => ({
    sha256: p.sha256, path: p.entry.path, split: p.split, labelled: p.rows !== null, classes: [...new Set((p.rows ?? []).map((row) => row.class))], known: known.has(p.sha256),
  }));
  const { places, leaks, undecided } = placePictures(toPlace, groups, options, problems);
  const validated = input.validated || toPlace.some((p) => p.labelled && !p.known && places.get(p.sha256)?.split === 'valid');
  const taken = new Map(classes.filter((c) => c.target !== 'skip').map((c) => [c.id, c.name]));
  const draw = validated ? null : drawFromUpload({ pictures: toPlace, groups, places, names: taken, projectId: input.project.id, options });
  const questions = questionsOf({ counts, ask: found === 'ask', all: names.length, unnamed: classes.filter(({ id, instances }) => instances > 0 && (yaml === null || yaml.names.length === 0 || yaml.madeUp.has(id))).map(({ id }) => id), unsplit: undecided, draw: draw !== null }, options);
  if (format === 'detect' && input.project.task === 'segment' && counts.boxes > 0) {
    problems.add('warning', 'boxes-only', sorted.yaml?.path ?? '', 'The labels are boxes and the project is made for masks. The boxes are taken without masks; the segmenter can make them when the images are corrected.');
  }
  const items = pictures.map((p): DraftItem => ({ path: p.entry.path, file: p.entry.file, sha256: p.sha256, width: p.width, height: p.height, ...(places.get(p.sha256) ?? { split: 'train', excluded: false }), labels: p.labels?.file ?? null }));
  return {
    draft: { items, format, window: options.window ?? null, classes: classes.map(({ name, target }) => ({ name, target })) },
    plan: {
      kind: labelled.length > 0 || yaml ? 'yolo' : 'images',
      images: { found: sorted.pictures.length, new: newOnes.length, duplicates: tally.duplicates + pictures.length - newOnes.length, broken: tally.broken, rotated: tally.rotated },
      splits: countBy(items.map((item) => item.split)),
      labels: {
        files: labelled.length, instances: classes.reduce((sum, c) => sum + (c.target === 'skip' ? 0 : c.instances), 0), rowsLeftOut: tally.rowsLeftOut,
        withoutImage: sorted.orphans.length, imagesWithoutLabels: pictures.length - labelled.length,
      },
      format, classes, questions, problems: problems.listed, problemCounts: problems.counts, bytes: input.files.reduce((sum, f) => sum + f.bytes, 0), leaks, draw, deep: deepOf(pictures),
    },
  };
}

async function readYaml({ area, problems }: PlanInput, { yaml: entry, otherYamls }: Sorted): Promise<DataYaml | null> {
  if (!entry) return null;
  for (const other of otherYamls) problems.add('warning', 'yaml-other', other.path, `${entry.path} describes this upload; this file is not read.`);
  if (entry.bytes > MAX_YAML_BYTES) { problems.add('error', 'yaml-broken', entry.path, 'This file is far too large for a description. It is not read.'); return null; }
  let value: unknown;
  try {
    value = parse(await readFile(area.place(entry.file), 'utf8'), { maxAliasCount: 20, logLevel: 'error' });
  } catch (error) {
    const line = error instanceof Error && 'linePos' in error && Array.isArray(error.linePos) ? lineOf(error.linePos[0]) : null;
    problems.add('error', 'yaml-broken', entry.path, 'This file is no valid YAML. The classes cannot be known from it.', line);
    return null;
  }
  const yaml = readDataYaml(value);
  for (const problem of yaml.problems) problems.add(problem.level, problem.code, entry.path, problem.message);
  return yaml;
}

function lineOf(position: unknown): number | null {
  return typeof position === 'object' && position !== null && 'line' in position && typeof position.line === 'number' ? position.line : null;
}

async function readPictures(input: PlanInput, sorted: Sorted, yaml: DataYaml | null, tally: Tally): Promise<Picture[]> {
  const pictures: Picture[] = [];
  const first = new Map<string, Picture>();
  for (const [i, entry] of sorted.pictures.entries()) {
    input.signal.throwIfAborted();
    input.progress(i, sorted.pictures.length, 'Looking at the pictures');
    const picture = await readPicture(input, entry, sorted, yaml, tally);
    if (!picture) continue;
    const same = first.get(picture.sha256);
    if (same) {
      tally.duplicates++;
      const strict = strictest([same.split, picture.split].filter((split) => split !== null));
      const moved = same.split !== null && picture.split !== null && same.split !== picture.split ? `, in ${String(strict)}` : '';
      same.split = strict;
      input.problems.add('warning', moved === '' ? 'duplicate' : 'split-leak', entry.path, `This is the same picture as ${same.entry.path}. It is taken once${moved}${same.labels === null && picture.labels !== null ? ', with the labels of this one' : ''}.`);
      reportDropped(input.problems, same, picture, tally);
      if (same.labels === null) Object.assign(same, { labels: picture.labels, rows: picture.rows });
      continue;
    }
    first.set(picture.sha256, picture);
    pictures.push(picture);
  }
  return pictures;
}

/** What is lost because a picture is taken once: labels that are not the same. */
function reportDropped(problems: Problems, first: Picture, again: Picture, tally: Tally): void {
  const content = ({ rows }: Picture): string => JSON.stringify((rows ?? []).map(({ line: _, ...row }) => JSON.stringify(row)).sort());
  if (first.labels && again.labels && content(first) !== content(again)) {
    tally.rowsLeftOut += again.rows?.length ?? 0;
    problems.add('error', 'duplicate-labels', again.labels.path, `These labels (${again.rows?.length ?? 0}) are of the same picture as ${first.labels.path} (${first.rows?.length ?? 0}), and are not the same. They are left out; those of ${first.labels.path} are taken.`);
  }
}

async function readPicture(input: PlanInput, entry: AreaEntry, sorted: Sorted, yaml: DataYaml | null, tally: Tally): Promise<Picture | null> {
  const path = input.area.place(entry.file);
  try {
    const header = await readHeader(path, input.maxPixels);
    const look = await lookAt(path, header, input.maxPixels, input.options.window ?? null);
    if (header.orientation !== 1) {
      tally.rotated++;
      input.problems.add('warning', 'exif-orientation', entry.path, `The camera marked this picture as turned (EXIF orientation ${header.orientation}). It is shown upright, and its labels are read in the upright frame.`);
    }
    const labels = input.options.labels === false ? null : (sorted.labelsOf.get(entry.path) ?? null);
    const rows = labels ? await readRows(input, labels, tally) : null;
    return { entry, sha256: await hashFile(path), width: header.width, height: header.height, split: splitOf(entry.path, sorted.yaml?.path ?? null, yaml), rows, labels: rows === null ? null : labels, look };
  } catch (error) {
    if (!(error instanceof EmendError)) throw error;
    tally.broken++;
    input.problems.add('error', error.code === 'invalid' ? 'picture-broken' : error.code === 'too_large' ? 'picture-too-large' : 'picture-unsupported', entry.path, error.message);
    return null;
  }
}

async function readRows({ area, problems }: PlanInput, labels: AreaEntry, tally: Tally): Promise<LabelRow[] | null> {
  if (labels.bytes > MAX_LABEL_BYTES) { problems.add('error', 'labels-too-large', labels.path, 'This file is far too large for labels of one picture. The picture is taken without labels.'); return null; }
  const { rows, problems: found } = await parsePatiently(await readFile(area.place(labels.file), 'utf8'));
  for (const problem of found) problems.add(problem.level, problem.code, labels.path, problem.message, problem.line);
  const lost = found.filter((p) => p.level === 'error').length;
  tally.rowsLeftOut += lost;
  // A file of which nothing could be read is no statement that the picture is empty.
  if (rows.length === 0 && lost > 0) { problems.add('error', 'labels-broken', labels.path, 'No row of this file can be read. The picture is taken without labels, not as an empty one.'); return null; }
  return rows;
}

async function checkRows({ problems }: PlanInput, picture: Picture, as: 'detect' | 'segment', classes: number, tally: Tally): Promise<void> {
  const file = picture.labels?.path ?? '';
  const breathe = breather();
  for (const row of picture.rows ?? []) {
    await breathe();
    if (row.class >= classes) {
      tally.rowsLeftOut++;
      problems.add('error', 'class-unknown', file, `This row has the class ${row.class}; only 0 to ${classes - 1} are named. It is left out.`, row.line);
      continue;
    }
    const { shape, problems: found } = shapeOf(row, picture, as);
    for (const problem of found) problems.add(problem.level, problem.code, file, problem.message, problem.line);
    if (shape) tally.instances[row.class] = (tally.instances[row.class] ?? 0) + 1;
    else tally.rowsLeftOut++;
  }
}

function reportLeftovers({ problems, options }: PlanInput, sorted: Sorted, pictures: readonly Picture[], known: ReadonlySet<string>): void {
  if (options.labels !== false) for (const orphan of sorted.orphans) problems.add('error', 'image-missing', orphan.path, 'There is no picture to these labels. They are left out.');
  for (const { path } of sorted.unused) problems.add('warning', 'file-unused', path, 'This is neither a picture nor labels. It is left out.');
  for (const picture of pictures) {
    if (picture.rows?.length === 0) problems.add('warning', 'background', picture.labels?.path ?? '', 'This file is empty: its picture is taken as one that shows nothing.');
    if (known.has(picture.sha256)) problems.add('warning', 'duplicate-project', picture.entry.path, picture.rows === null ? 'The project has this picture already. Nothing is done.' : 'The project has this picture already. Its labels here take the place of those that earlier imports brought, which stay stored but no longer count; what people have submitted is not changed.');
  }
}

/** The 16-bit pictures: from which value to which they are seen. */
function deepOf(pictures: readonly Picture[]): NonNullable<ImportPlan['deep']> | null {
  const windows = pictures.flatMap((p) => p.look.window ?? []);
  if (windows.length === 0) return null;
  const { low, high } = windows.reduce((all, w) => ({ low: Math.min(all.low, w.low), high: Math.max(all.high, w.high) }));
  return { images: windows.length, low, high, differ: windows.some((w) => w.low !== low || w.high !== high) };
}

interface Doubts { /** How many classes there are. */ all: number; counts: RowCounts; ask: boolean; /** Class ids with labels and without a name. */ unnamed: readonly number[]; unsplit: boolean; /** A validation split can be drawn. */ draw: boolean }

function questionsOf({ counts, ask, unnamed, all, unsplit, draw }: Doubts, options: ImportOptions): ImportPlan['questions'] {
  const questions: ImportPlan['questions'] = [];
  if (ask && options.rows === undefined) {
    const text = counts.boxes > 0
      ? `${counts.boxes} rows are boxes and ${counts.polygons} are polygons. How are they to be read?`
      : `All ${counts.polygons} rows have four points: they may be polygons, or rotated boxes. How are they to be read?`;
    questions.push({ id: 'rows', text, choices: [{ value: 'segment', label: counts.boxes > 0 ? 'Polygons become masks, boxes stay boxes' : 'As outlines: they become masks' }, { value: 'detect', label: 'As boxes: upright, around each shape' }] });
  }
  if (unnamed.length > 0 && options.classes === undefined) questions.push({ id: 'classes', text: unnamedText(unnamed, all), choices: [{ value: 'mapped', label: 'As the list of classes says' }] });
  if (unsplit && options.split === undefined) {
    const drawn = draw ? [{ value: 'draw', label: 'Training, with a share drawn for validation' }] : [];
    questions.push({ id: 'split', text: 'Some labelled pictures belong to no split. Where do they go?', choices: [...drawn, { value: 'train', label: 'Training' }, { value: 'valid', label: 'Validation' }, { value: 'test', label: 'Test' }] });
  }
  return questions;
}

/** Made-up names are positions, and another tool may count its classes in another order: a person has to say it. */
function unnamedText(unnamed: readonly number[], all: number): string {
  if (unnamed.length >= all) return 'Nothing in these files names the classes. Which number is which class?';
  return `${unnamed.length === 1 ? 'Class' : 'Classes'} ${unnamed.slice(0, 8).join(', ')} ${unnamed.length === 1 ? 'has' : 'have'} labels and no name in these files. Which class is meant?`;
}

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
