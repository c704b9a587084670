import type { ClassDto } from '#core/api/project.ts';

/** The key that gives an instance this class: the project's choice, else its position for the first nine. */
export function classKey(item: ClassDto, classes: readonly ClassDto[]): string | null {
  if (item.key !== null) return item.key;
  const digit = String(item.index + 1);
  const taken = classes.some((c) => c.key === digit);
  return item.index < 9 && !taken ? digit : null;
}

/** The class that a digit means, among those that are not retired. */
export function classOfDigit(digit: number, classes: readonly ClassDto[]): ClassDto | null {
  return classes.find((c) => !c.retired && classKey(c, classes) === String(digit)) ?? null;
}

/** Classes whose name holds the text, those that begin with it first. */
export function searchClasses(text: string, classes: readonly ClassDto[]): ClassDto[] {
  const wanted = text.trim().toLowerCase();
  const live = classes.filter((c) => !c.retired && c.name.toLowerCase().includes(wanted));
  return live.sort((a, b) => Number(b.name.toLowerCase().startsWith(wanted)) - Number(a.name.toLowerCase().startsWith(wanted)));
}
