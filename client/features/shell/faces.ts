import { computed, provide } from 'vue';
import { useResource } from '../../ui/resource.ts';
import { FACES, type FaceOf } from '../../ui/faces.ts';
import { fetchPeople } from './api.ts';

/** Colours and letters of the people of a project, for all that is inside the calling component. */
export function provideFaces(project: () => string): FaceOf {
  const people = useResource(() => project() || null, fetchPeople);
  const known = computed(() => new Map(people.data.value?.map(({ id, color, letters }) => [id, { color, letters }])));
  /** Asked for once: who is still unknown then is nobody of this project. */
  const asked = new Set<string>();
  const faceOf: FaceOf = (id) => {
    const face = known.value.get(id);
    if (!face && people.data.value && !asked.has(id)) {
      asked.add(id);
      people.refetchSoon();
    }
    return face ?? null;
  };
  provide(FACES, faceOf);
  return faceOf;
}
