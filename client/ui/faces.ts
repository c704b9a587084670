import { inject, type InjectionKey } from 'vue';
import type { Face } from '#core/api/system.ts';

/** The face of a person in the project that is looked at; null = not known (yet), or no project is. Reactive. */
export type FaceOf = (id: string) => Face | null;
export const FACES: InjectionKey<FaceOf> = Symbol('faces');

export function useFaces(): FaceOf {
  return inject(FACES, () => null);
}
