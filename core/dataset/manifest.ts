/** The canonical form of labels and of a dataset version: the same content gives the same text, hence the same hash, on any machine. */
import type { Instance } from '#core/annotation/schema.ts';
import type { Manifest } from '#core/api/dataset.ts';

type Row = Manifest['rows'][number];

/** Boxes count to a thousandth of a pixel: finer differences are arithmetic, not correction. */
function round(value: number): number {
  const rounded = Math.round(value * 1000) / 1000;
  return rounded === 0 ? 0 : rounded; // −0 would be written as 0 but compared as another
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What is labelled, without who, when and by which id: one line per instance, `[class, [x, y, w, h], counts or null]`, sorted. */
export function labelsText(instances: readonly Instance[]): string {
  const lines = instances.map((i) => JSON.stringify([i.class, i.box.map(round), i.mask ? [i.mask.size[0], i.mask.size[1], i.mask.counts] : null]));
  return lines.sort(byCodeUnits).map((line) => `${line}\n`).join('');
}

/** Rows sorted by image hash, keys in a fixed order. */
export function makeManifest(task: string, classes: readonly string[], rows: readonly Row[]): Manifest {
  const sorted = rows.map(({ image, width, height, split, source, labels }): Row => ({ image, width, height, split, source, labels })).sort((a, b) => byCodeUnits(a.image, b.image));
  return { format: 'emend-dataset-1', task, classes: [...classes], rows: sorted };
}

/** The text whose SHA-256 is the version's hash: the manifest as JSON without spaces, UTF-8. */
export function manifestText(manifest: Manifest): string {
  return JSON.stringify(makeManifest(manifest.task, manifest.classes, manifest.rows));
}
