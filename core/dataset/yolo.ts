/** Rows of YOLO label files: `class cx cy w h` (detection) or `class x1 y1 x2 y2 …` (segmentation), all as shares of width and height. */
import { clip, fromCorners, type Box, type Size } from '#core/geometry/box.ts';
import { polygonArea, polygonBox, type Point, type Polygon } from '#core/geometry/polygon.ts';
import { fromNormalised, toNormalised } from './scale.ts';

export interface LabelRow {
  /** Counted from 1, blank lines included. */
  line: number;
  class: number;
  /** Without the class: 4 for a box, an even number ≥ 6 for a polygon. */
  values: number[];
}
export interface RowProblem { level: 'error' | 'warning'; code: string; line: number; message: string }
export interface ParsedLabels { rows: LabelRow[]; problems: RowProblem[] }

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const MAX_VALUES = 20_000;
/** Characters: room for as many numbers with all the decimals that a tool may write. */
const MAX_LINE = 26 * MAX_VALUES;

/** Reads a label file. Rows that cannot be read are left out and reported; an empty file is a background picture. */
export function parseLabels(text: string): ParsedLabels {
  const parsed: ParsedLabels = { rows: [], problems: [] };
  for (const [i, line] of labelLines(text).entries()) readLine(line, i + 1, parsed);
  return parsed;
}

export function labelLines(text: string): string[] {
  return text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
}

/** Reads one line of a label file into `parsed`; `number` is counted from 1. Whoever reads a huge file calls it line by line, with pauses. */
export function readLine(line: string, number: number, parsed: ParsedLabels): void {
  if (line.length > MAX_LINE) {
    parsed.problems.push({ level: 'error', code: 'row-not-numbers', line: number, message: 'This row holds more numbers than any shape has. It is left out.' });
    return;
  }
  const columns = line.trim().split(/[\s,]+/).filter((c) => c !== '');
  if (columns.length > 0) readRow(columns, number, parsed);
}

function readRow(columns: readonly string[], line: number, parsed: ParsedLabels): void {
  const fail = (code: string, message: string): void => { parsed.problems.push({ level: 'error', code, line, message }); };
  if (!columns.every((c) => NUMBER.test(c))) { fail('row-not-numbers', 'This row holds something that is not a number. It is left out.'); return; }
  const [classIndex = -1, ...values] = columns.map(Number);
  if (!Number.isInteger(classIndex) || classIndex < 0 || classIndex > 9999) { fail('row-class', 'This row does not begin with a class number. It is left out.'); return; }
  if (values.length > MAX_VALUES || !values.every(Number.isFinite)) { fail('row-not-numbers', 'This row holds numbers that no picture can have. It is left out.'); return; }
  if (values.length === 5) {
    parsed.problems.push({ level: 'warning', code: 'row-confidence', line, message: 'This row has six columns: the last one is taken for a confidence and dropped.' });
    values.pop();
  }
  if (values.length !== 4 && (values.length < 6 || values.length % 2 === 1)) {
    fail('row-columns', `This row has ${columns.length} columns: neither a box (5) nor a polygon (an odd number from 7). It is left out.`);
    return;
  }
  parsed.rows.push({ line, class: classIndex, values });
}

export interface RowCounts { boxes: number; polygons: number; /** Polygons of exactly four points: these might be rotated boxes. */ quads: number }

export function countRows(rows: readonly LabelRow[], into: RowCounts = { boxes: 0, polygons: 0, quads: 0 }): RowCounts {
  for (const { values } of rows) {
    if (values.length === 4) into.boxes++;
    else into.polygons++;
    if (values.length === 8) into.quads++;
  }
  return into;
}

/** What the rows of a whole export mean; `ask` where the data alone cannot tell; null without any row. */
export function formatOf({ boxes, polygons, quads }: RowCounts): 'detect' | 'segment' | 'ask' | null {
  if (boxes + polygons === 0) return null;
  if (boxes > 0 && polygons > 0) return 'ask';
  if (boxes > 0) return 'detect';
  return quads === polygons ? 'ask' : 'segment';
}

export interface Shape { class: number; box: Box; /** Absent for a box row, and for polygons read as boxes. */ polygon?: Polygon }

/**
 * One row in pixels of the upright image. What lies outside the picture is cut off (reported from half a pixel on); what lies outside
 * altogether, or has no area, is left out.
 */
export function shapeOf(row: LabelRow, size: Size, as: 'detect' | 'segment'): { shape: Shape | null; problems: RowProblem[] } {
  const polygon = row.values.length === 4 ? null : pairs(row.values).map(([x, y]) => fromNormalised(x, y, size));
  const raw = polygon ? polygonBox([polygon]) : boxOf(row.values, size);
  const box = raw && clip(raw, size);
  if (!raw || !box || (polygon && polygonArea(polygon) === 0)) {
    const outside = raw !== null && raw[2] > 0 && raw[3] > 0 && !box;
    return { shape: null, problems: [{ level: 'error', code: outside ? 'row-outside' : 'row-empty', line: row.line, message: outside ? 'This label lies outside the picture. It is left out.' : 'This label has no area. It is left out.' }] };
  }
  const cut = Math.max(...[0, 1].map((i) => Math.max((box[i] ?? 0) - (raw[i] ?? 0), (raw[i] ?? 0) + (raw[i + 2] ?? 0) - (box[i] ?? 0) - (box[i + 2] ?? 0))));
  const problems: RowProblem[] = cut < 0.5 ? [] : [{ level: 'warning', code: 'row-clipped', line: row.line, message: `This label reaches ${Math.round(cut)} px out of the picture. That part is cut off.` }];
  if (!polygon || as === 'detect') return { shape: { class: row.class, box }, problems };
  const within = polygon.map(([x, y]): Point => [Math.max(0, Math.min(size.width, x)), Math.max(0, Math.min(size.height, y))]);
  return { shape: { class: row.class, box, polygon: within }, problems };
}

function boxOf(values: readonly number[], size: Size): Box | null {
  const [cx = 0, cy = 0, w = 0, h = 0] = values;
  if (!(w > 0) || !(h > 0)) return null;
  const [x1, y1] = fromNormalised(cx - w / 2, cy - h / 2, size);
  const [x2, y2] = fromNormalised(cx + w / 2, cy + h / 2, size);
  return fromCorners(x1, y1, x2, y2);
}

function pairs(values: readonly number[]): Point[] {
  return Array.from({ length: values.length / 2 }, (_, i) => [values[2 * i] ?? 0, values[2 * i + 1] ?? 0]);
}

/** `class cx cy w h`, each share with up to eight decimals (a ten-thousandth of a pixel at 10 000 px). */
export function boxRow(classIndex: number, [x, y, w, h]: Box, size: Size): string {
  const centre = toNormalised(x + w / 2, y + h / 2, size);
  return [classIndex, ...[...centre, ...toNormalised(w, h, size)].map(share)].join(' ');
}

/** `class x1 y1 x2 y2 …` */
export function polygonRow(classIndex: number, polygon: Polygon, size: Size): string {
  return [classIndex, ...polygon.flatMap(([x, y]) => toNormalised(x, y, size).map(share))].join(' ');
}

function share(value: number): string {
  return String(Number(Math.max(0, Math.min(1, value)).toFixed(8)));
}
