/** Sorting an upload: which file is a picture, which its labels, which the description. Pure. */
import type { AreaEntry } from './area.ts';
import { isNoise } from './paths.ts';
import { PICTURE_NAME } from '../images/index.ts';

export interface Sorted {
  pictures: AreaEntry[];
  /** Picture path → its label file. */
  labelsOf: ReadonlyMap<string, AreaEntry>;
  /** Label files to which there is no picture. */
  orphans: AreaEntry[];
  yaml: AreaEntry | null;
  otherYamls: AreaEntry[];
  /** Files of no use here. */
  unused: AreaEntry[];
}

const stem = (path: string): string => path.replace(/\.[^./]+$/, '');

export function sortUpload(files: readonly AreaEntry[]): Sorted {
  const useful = files.filter((f) => !isNoise(f.path) && !/\.zip$/i.test(f.path));
  const pictures = useful.filter((f) => PICTURE_NAME.test(f.path));
  const texts = new Map(useful.filter((f) => /\.txt$/i.test(f.path)).map((f) => [stem(f.path), f]));
  const yamls = useful.filter((f) => /\.ya?ml$/i.test(f.path)).sort((a, b) => rank(a.path) - rank(b.path));
  const labelsOf = new Map<string, AreaEntry>();
  const used = new Set<string>();
  for (const picture of pictures) {
    const labels = labelPlaces(stem(picture.path)).map((place) => texts.get(place)).find((f) => f !== undefined);
    if (!labels) continue;
    labelsOf.set(picture.path, labels);
    used.add(labels.path);
  }
  const rest = [...texts.values()].filter((f) => !used.has(f.path));
  const orphans = rest.filter((f) => isLabelFile(f.path));
  const known = new Set([...pictures, ...texts.values(), ...yamls].map((f) => f.path));
  return {
    pictures, labelsOf, orphans, yaml: yamls[0] ?? null, otherYamls: yamls.slice(1),
    unused: [...rest.filter((f) => !isLabelFile(f.path)), ...useful.filter((f) => !known.has(f.path))],
  };
}

/** Where YOLO looks: the last folder called images replaced by labels; then beside the picture. */
function labelPlaces(picture: string): string[] {
  const parts = picture.split('/');
  const at = parts.findLastIndex((part, i) => part.toLowerCase() === 'images' && i < parts.length - 1);
  const swapped = at < 0 ? [] : [parts.map((part, i) => (i === at ? 'labels' : part)).join('/')];
  return [...swapped, picture];
}

/** data.yaml before others, shallow before deep. */
function rank(path: string): number {
  return (/(^|\/)data\.ya?ml$/i.test(path) ? 0 : 1000) + path.split('/').length;
}

/** A text file in a folder called labels; a README.txt elsewhere is none. */
function isLabelFile(path: string): boolean {
  return /(^|\/)labels\//i.test(path) && !/(^|\/)(classes|readme[^/]*)\.txt$/i.test(path);
}
