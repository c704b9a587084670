import type { DataYaml, SplitName } from './dataYaml.ts';

const WORDS: Readonly<Record<string, SplitName>> = { train: 'train', training: 'train', valid: 'valid', val: 'valid', validation: 'valid', test: 'test', testing: 'test' };

/**
 * The split of a picture by the folders that data.yaml names (relative to the file, to its `path:`, or one level up, as Roboflow writes
 * them), else by a folder called train, valid, val or test; null when nothing tells. Paths are relative, with `/`.
 */
export function splitOf(path: string, yamlPath: string | null, yaml: DataYaml | null): SplitName | null {
  if (yaml && yamlPath !== null) {
    const base = yamlPath.split('/').slice(0, -1);
    for (const split of ['train', 'valid', 'test'] as const) {
      if (yaml.splits[split].some((folder) => candidates(folder, yaml.root, base).some((c) => c !== '' && path.startsWith(`${c}/`)))) return split;
    }
  }
  const folders = path.split('/').slice(0, -1).reverse();
  for (const folder of folders) {
    const split = WORDS[folder.toLowerCase()];
    if (split) return split;
  }
  return null;
}

function candidates(folder: string, root: string | null, base: readonly string[]): string[] {
  const parts = clean(folder);
  const below = root === null ? [] : clean(root);
  return [[...base, ...below, ...parts], [...base, ...parts], [...base.slice(0, -1), ...parts], parts].map((p) => p.join('/'));
}

/** Without `.`, `..` and the drive: where the export lay on its maker's machine means nothing here. */
function clean(path: string): string[] {
  return path.replace(/^[A-Za-z]:/, '').split(/[\\/]+/).filter((part) => part !== '' && part !== '.' && part !== '..');
}

/**
 * The picture that a file of a Roboflow export was made from: `a_jpg.rf.0f3c….jpg` → `a_jpg`. Augmented copies of one picture share it, so
 * that they can be kept in one split. null for every other name: `0001.png` of two folders says nothing of what the pictures show.
 */
export function familyOf(path: string): string | null {
  const name = path.split('/').at(-1) ?? path;
  return /^(.+)\.rf\.[0-9A-Za-z]{8,64}\.\w+$/.exec(name)?.[1] ?? null;
}

export function splitName(split: string): SplitName {
  return split === 'valid' || split === 'test' ? split : 'train';
}

/** Of several splits the one that decides: what is held out for validation stays held out, then the test. null = none. */
export function strictest(splits: Iterable<SplitName>): SplitName | null {
  const all = new Set(splits);
  return (['valid', 'test', 'train'] as const).find((split) => all.has(split)) ?? null;
}
