/** `data.yaml` in the variants that are seen: as Ultralytics documents it, and as Roboflow and others write it. Takes the parsed YAML. */
export type SplitName = 'train' | 'valid' | 'test';

export interface DataYaml {
  /** Position = class id. */
  names: string[];
  /** Class ids whose name is made up (`class 3`), because the file has none for them. */
  madeUp: ReadonlySet<number>;
  /** Folders (or list files) per split, as written. */
  splits: Record<SplitName, string[]>;
  /** `path:`, as written. */
  root: string | null;
  problems: { level: 'error' | 'warning'; code: string; message: string }[];
}

const MAX_CLASSES = 1000;
const MAX_NAME = 80;

/** Never throws: what cannot be used is a problem of level `error`. Roboflow's own block (workspace, licence …) is of no concern. */
export function readDataYaml(value: unknown): DataYaml {
  const result: DataYaml = { names: [], madeUp: new Set(), splits: { train: [], valid: [], test: [] }, root: null, problems: [] };
  if (!isRecord(value)) {
    result.problems.push({ level: 'error', code: 'yaml-shape', message: 'data.yaml holds no settings. The classes cannot be known from it.' });
    return result;
  }
  const { names, madeUp } = readNames(value['names'], value['nc'], result);
  result.names = names;
  result.madeUp = madeUp;
  result.root = typeof value['path'] === 'string' ? value['path'] : null;
  result.splits = { train: paths(value['train']), valid: paths(value['val'] ?? value['valid']), test: paths(value['test']) };
  return result;
}

function readNames(names: unknown, nc: unknown, into: DataYaml): Pick<DataYaml, 'names' | 'madeUp'> {
  const list = Array.isArray(names) ? names.map((name: unknown) => tidy(name, into)) : isRecord(names) ? fromMap(names, into) : null;
  const count = typeof nc === 'number' && Number.isInteger(nc) && nc > 0 && nc <= MAX_CLASSES ? nc : null;
  if (!list || list.length === 0) {
    if (count === null) into.problems.push({ level: 'error', code: 'yaml-names', message: 'data.yaml names no classes.' });
    else into.problems.push({ level: 'warning', code: 'yaml-names', message: `data.yaml gives only the number of classes (${count}). Say below which number is which class.` });
    return { names: Array.from({ length: count ?? 0 }, (_, i) => `class ${i}`), madeUp: new Set(Array.from({ length: count ?? 0 }, (_, i) => i)) };
  }
  if (count !== null && count !== list.length) into.problems.push({ level: 'warning', code: 'yaml-nc', message: `data.yaml says nc: ${count} and names ${list.length} classes. The names count.` });
  if (list.length > MAX_CLASSES) into.problems.push({ level: 'error', code: 'yaml-names', message: `data.yaml names more than ${MAX_CLASSES} classes. The rest is left out.` });
  const taken = list.slice(0, MAX_CLASSES);
  return { names: distinct(taken, into), madeUp: new Set(taken.flatMap((name, i) => (name === '' ? [i] : []))) };
}

function fromMap(map: Record<string, unknown>, into: DataYaml): string[] {
  const names: string[] = [];
  for (const [key, name] of Object.entries(map)) {
    const index = /^\d{1,4}$/.test(key) ? Number(key) : -1;
    if (index < 0 || index >= MAX_CLASSES) into.problems.push({ level: 'warning', code: 'yaml-names', message: `data.yaml has a class with the number "${key.slice(0, 40)}". It is left out.` });
    else names[index] = tidy(name, into);
  }
  return Array.from(names, (name) => name ?? '');
}

function tidy(name: unknown, into: DataYaml): string {
  const text = typeof name === 'string' || typeof name === 'number' || typeof name === 'boolean' ? String(name) : '';
  const clean = text.replace(/[\u0000-\u001f\u007f]/g, ' ').trim();
  if (clean.length <= MAX_NAME) return clean;
  const cut = clean.slice(0, MAX_NAME).trim();
  into.problems.push({ level: 'warning', code: 'yaml-names', message: `data.yaml has a class name of ${clean.length} characters; ${MAX_NAME} are kept: "${cut}".` });
  return cut;
}

/** Two classes of one name could not be told apart in a project. */
function distinct(names: readonly string[], into: DataYaml): string[] {
  const seen = new Set<string>();
  return names.map((name, i) => {
    let unique = name === '' ? `class ${i}` : name;
    if (seen.has(unique)) {
      unique = `${unique.slice(0, MAX_NAME - 6)} (${i})`;
      into.problems.push({ level: 'warning', code: 'yaml-names', message: `data.yaml names the class "${name}" twice. The second one is called "${unique}".` });
    }
    seen.add(unique);
    return unique;
  });
}

function paths(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((p): p is string => typeof p === 'string' && p.trim() !== '').map((p) => p.trim());
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
