import type { ClassDto } from '#core/api/project.ts';

/** Colours by class index (the position in every label), with holes filled, so that `colors[index]` is always right. */
export function classColors(classes: readonly ClassDto[]): string[] {
  const colors: string[] = [];
  for (const c of classes) colors[c.index] = c.color;
  return Array.from(colors, (color) => color ?? '#97a1b0');
}
