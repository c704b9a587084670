import { shallowRef, watch, type ShallowRef } from 'vue';
import type { ClassDto } from '#core/api/project.ts';
import { BRUSHES, parseLook, PLAIN_DESK, type Desk, type PictureLook } from '../../editor/desk.ts';
import { useSession } from '../../session.ts';

export interface DeskContext {
  readonly desk: Desk;
  readonly look: ShallowRef<PictureLook>;
  /** A class that was retired since is not the class of the next box. */
  keepWithin(classes: readonly ClassDto[]): void;
  /** Remembers tool, class and masks for the next visit. */
  save(): void;
}

/** What a person keeps per project in this browser: tool, class, masks, and how the picture is shown. */
export function useDesk(project: string): DeskContext {
  const key = `emend.desk.${useSession().me.value?.id ?? ''}.${project}`;
  const desk = readDesk(localStorage.getItem(key));
  const look = shallowRef(parseLook(localStorage.getItem(`${key}.look`)));
  watch(look, (value) => localStorage.setItem(`${key}.look`, JSON.stringify(value)));
  return {
    desk,
    look,
    keepWithin(classes) {
      const live = classes.filter((c) => !c.retired);
      if (!live.some((c) => c.index === desk.classIndex)) desk.classIndex = live[0]?.index ?? 0;
    },
    save: () => localStorage.setItem(key, JSON.stringify(desk)),
  };
}

function readDesk(text: string | null): Desk {
  const desk: Desk = { ...PLAIN_DESK };
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (typeof value !== 'object' || value === null) return desk;
    const fields = new Map<string, unknown>(Object.entries(value));
    const classIndex = fields.get('classIndex');
    if (typeof classIndex === 'number' && Number.isInteger(classIndex) && classIndex >= 0) desk.classIndex = classIndex;
    desk.masks = fields.get('masks') !== false;
    desk.tighten = fields.get('tighten') === true;
    desk.brush = BRUSHES.find((size) => size === fields.get('brush')) ?? desk.brush;
  } catch {
    // A first visit, or a damaged note: the usual desk.
  }
  return desk;
}
