/** From the classes of an export to those of the project. */
import type { ImportOptions, ImportPlan } from '#core/api/import.ts';
import type { DataYaml } from '#core/dataset/dataYaml.ts';
import type { LabelRow } from '#core/dataset/yolo.ts';

type Classes = ImportPlan['classes'];
interface Known { index: number; name: string; retired: boolean }

/** The names of data.yaml, else one made-up name per class number that occurs (and those below it). */
export function namesOf(yaml: DataYaml | null, rows: readonly LabelRow[]): string[] {
  if (yaml && yaml.names.length > 0) return yaml.names;
  const highest = rows.reduce((max, row) => Math.max(max, row.class), -1);
  return Array.from({ length: Math.min(highest + 1, 1000) }, (_, i) => `class ${i}`);
}

/** Proposes the class of the same name (case apart), else a new one; what the person answered goes before. Made-up names mean positions. */
export function mapClasses(names: readonly string[], instances: readonly (number | undefined)[], options: ImportOptions, known: readonly Known[]): Classes {
  return names.map((name, id) => {
    const answer = options.classes && Object.hasOwn(options.classes, name) ? options.classes[name] : undefined;
    return { id, name, instances: instances[id] ?? 0, target: answer ?? propose(name, id, known) };
  });
}

function propose(name: string, id: number, known: readonly Known[]): Classes[number]['target'] {
  const exact = known.find((k) => k.name === name) ?? known.find((k) => k.name.toLowerCase() === name.toLowerCase());
  if (exact) return exact.index;
  if (name === `class ${id}` && known.some((k) => k.index === id && !k.retired)) return id;
  return 'new';
}
