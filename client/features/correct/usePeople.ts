import { computed, shallowRef, type Ref } from 'vue';
import type { Peer } from '../../editor/editor.ts';
import { useProjectEvents } from '../../sync/socket.ts';
import type { Person } from './openTask.ts';

/** Who is in the room, and what the people are called whose edits are seen. */
export function usePeople(project: Ref<string>, peers: Ref<readonly Peer[]>, me: Ref<Person | null>) {
  const known = shallowRef<ReadonlyMap<string, string>>(new Map());
  useProjectEvents(project, (event) => {
    if (event.type === 'online') known.value = new Map([...known.value, ...event.people.map((p) => [p.id, p.name] as const)]);
  });
  /** One face per person, however many tabs. */
  const present = computed<Person[]>(() => {
    const people = [...(me.value ? [{ id: me.value.id, name: me.value.name }] : []), ...peers.value.map(({ id, name }) => ({ id, name }))];
    return [...new Map(people.map((p) => [p.id, p])).values()];
  });
  function nameOf(id: string | undefined): string {
    if (id === undefined) return '';
    if (id === me.value?.id) return 'you';
    return peers.value.find((p) => p.id === id)?.name ?? known.value.get(id) ?? 'a colleague';
  }
  return { present, nameOf };
}
