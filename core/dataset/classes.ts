/** What became of the classes of a project: labels keep the class that they were given, and each new dataset version reads them by these rules. */
export interface ClassFate {
  index: number;
  retired: boolean;
  /** Labels of this class count as labels of that one. */
  mergedInto: number | null;
}

/**
 * The class that a stored label has in a new version; null where its class was retired without being merged into another. A class that nobody knows is left as it is:
 * what was labelled is not thrown away for lack of a row.
 */
export function classResolver(classes: readonly ClassFate[]): (index: number) => number | null {
  const byIndex = new Map(classes.map((c) => [c.index, c]));
  const resolve = (index: number, seen: ReadonlySet<number>): number | null => {
    const found = byIndex.get(index);
    if (!found) return index;
    if (found.mergedInto !== null && !seen.has(found.mergedInto)) return resolve(found.mergedInto, new Set([...seen, index]));
    return found.retired ? null : index;
  };
  return (index) => resolve(index, new Set([index]));
}

/** Why a class cannot be merged into another one, in words; null = it can. */
export function mergeProblem(classes: readonly ClassFate[], from: number, into: number): string | null {
  const target = classes.find((c) => c.index === into);
  if (!target) return `This project has no class ${into} to merge into.`;
  if (from === into) return 'A class cannot be merged into itself.';
  if (target.retired) return 'The class to merge into is retired. Bring it back first, or choose another one.';
  return null;
}
