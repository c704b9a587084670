/** Which segmentation weights lie in the models directory: pairs of files, by their names. */
import { access, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** An encoder and a decoder that belong together. */
export interface SamFiles {
  readonly name: string;
  readonly encoder: string;
  readonly decoder: string;
  readonly bytes: number;
  /** Changes when either file is replaced. */
  readonly stamp: string;
}

/** A file that is half of something, and what the other half would be called. */
export interface LooseFile {
  readonly name: string;
  readonly bytes: number;
  readonly problem: string;
}

export interface FoundFiles {
  /** Best first. */
  readonly pairs: readonly SamFiles[];
  readonly loose: readonly LooseFile[];
}

/**
 * Which weights are better when several are present, best first: measured by box → mask quality on COCO as published (see
 * models/manifest.json), and only then by speed. Names that are in no row come after them, by name.
 */
const PREFERENCE: readonly RegExp[] = [
  /efficientvit.*xl/i, /sam2.*large/i, /sam2.*base/i, /efficientvit/i, /sam2.*small/i, /sam2.*tiny/i, /sam_?vit_?[hlb]|^sam[-_. ]/i,
  /tiny_?sam/i, /mobile_?sam/i, /efficient_?sam.*s\b|vits/i, /efficient_?sam/i,
];

/**
 * Files in the models directory that belong together: `NAME_encoder.onnx` + `NAME_decoder.onnx`, with `.`, `-` or `_` between,
 * or osam's `NAME_preprocess.onnx` + `NAME.onnx`; directly in it or one directory deep. Hidden directories are not looked into.
 */
export async function findSamFiles(directory: string): Promise<FoundFiles> {
  const files = await listOnnx(directory);
  const pairs: SamFiles[] = [];
  const loose: LooseFile[] = [];
  const used = new Set<string>();
  for (const encoder of files) {
    const [name, decoders] = decodersOf(encoder);
    if (name === null) continue;
    used.add(encoder);
    const decoder = decoders.find((file) => files.includes(file));
    const own = await measure(encoder);
    const other = decoder === undefined ? null : await measure(decoder);
    if (own === null) continue;
    if (decoder === undefined || other === null) {
      loose.push({ name, bytes: own.bytes, problem: `Its decoder is missing: put ${decoders.map((file) => path.basename(file)).join(' or ')} beside it.` });
      continue;
    }
    used.add(decoder);
    pairs.push({ name, encoder, decoder, bytes: own.bytes + other.bytes, stamp: `${name} ${own.stamp} ${other.stamp}` });
  }
  for (const file of files.filter((f) => !used.has(f))) {
    const size = await measure(file);
    if (size !== null) loose.push({ name: path.basename(file, '.onnx'), bytes: size.bytes, problem: 'It has no partner: a model is a pair of files named NAME.encoder.onnx and NAME.decoder.onnx (or NAME_preprocess.onnx and NAME.onnx).' });
  }
  return { pairs: pairs.sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name)), loose };
}

/** The name of the pair that a file is the encoder of, and the paths that its decoder may have; null when it is no encoder. */
function decodersOf(encoder: string): [string | null, string[]] {
  const match = /^(.*?)[._-](encoder|preprocess)(.*)\.onnx$/i.exec(path.basename(encoder));
  if (!match) return [null, []];
  const [, stem = '', kind = '', rest = ''] = match;
  const names = kind.toLowerCase() === 'encoder' ? ['.', '_', '-'].map((mark) => `${stem}${mark}decoder${rest}.onnx`) : [`${stem}${rest}.onnx`];
  return [`${stem}${rest}`, names.map((name) => path.join(path.dirname(encoder), name))];
}

async function measure(file: string): Promise<{ bytes: number; stamp: string } | null> {
  return stat(file).then((s) => ({ bytes: s.size, stamp: `${s.size}-${Math.round(s.mtimeMs)}` }), () => null);
}

async function listOnnx(directory: string): Promise<string[]> {
  if (!(await access(directory).then(() => true, () => false))) return [];
  const entries = (await readdir(directory, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'));
  const nested = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map(async (entry) => (await readdir(path.join(directory, entry.name))).map((name) => path.join(entry.name, name))),
  );
  return [...entries.filter((entry) => entry.isFile()).map(({ name }) => name), ...nested.flat()].filter((name) => name.endsWith('.onnx')).map((name) => path.join(directory, name));
}

function rank(name: string): number {
  const at = PREFERENCE.findIndex((pattern) => pattern.test(name));
  return at === -1 ? PREFERENCE.length : at;
}
