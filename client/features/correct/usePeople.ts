import { computed, shallowRef, watch, type Ref } from 'vue';
import type { LiveTask } from '#core/api/team.ts';
import type { Peer } from '../../editor/editor.ts';
import { useProjectEvents, useTeamLive } from '../../sync/socket.ts';
import { useNow } from '../../ui/now.ts';
import { fetchNames } from './api.ts';
import type { Person } from './openTask.ts';

/** Somebody who corrects in this project now. */
export interface Presence extends Person {
  /** The picture that they have open. */
  readonly task: string | null;
  readonly here: boolean;
  /** Nothing moved under their hand for a minute. */
  readonly idle: boolean;
}

const IDLE_MS = 60_000;
const ASK_MS = 10_000;

/** Who is in the room and in the other pictures, who is away from the hand, and what the people are called whose edits are seen. */
export function usePeople(project: Ref<string>, task: Ref<string | null>, peers: Ref<readonly Peer[]>, me: Ref<Person | null>) {
  const known = shallowRef<ReadonlyMap<string, string>>(new Map());
  const live = shallowRef<ReadonlyMap<string, LiveTask>>(new Map());
  const now = useNow(5000);
  /** By this browser's clock: the server's may go differently. */
  const activeAt = shallowRef<ReadonlyMap<string, number>>(new Map());
  useProjectEvents(project, (event) => {
    if (event.type === 'online') known.value = new Map([...known.value, ...event.people.map((p) => [p.id, p.name] as const)]);
  });
  /** Those who have worked here and are away; asked again, not too often, when somebody unknown turns up. */
  let askedAt = -Infinity;
  function askNames(): void {
    if (Date.now() - askedAt < ASK_MS) return;
    askedAt = Date.now();
    fetchNames(project.value).then((people) => { known.value = new Map([...people.map((p) => [p.id, p.name] as const), ...known.value]); }, () => undefined);
  }
  watch(project, () => { askedAt = -Infinity; askNames(); }, { immediate: true });
  useTeamLive(project.value, (message) => {
    const next = new Map(live.value);
    if (message.live) next.set(message.task, message.live);
    else next.delete(message.task);
    live.value = next;
    const ahead = Date.now() - message.now;
    activeAt.value = new Map([...activeAt.value, ...(message.live?.people ?? []).map((p) => [p.id, Math.max(p.activeAt + ahead, activeAt.value.get(p.id) ?? 0)] as const)]);
  }, () => (live.value = new Map()));
  watch(peers, (after, before) => {
    const moved = after.filter((p) => !before.includes(p)).map((p) => [p.id, Date.now()] as const);
    if (moved.length > 0) activeAt.value = new Map([...activeAt.value, ...moved]);
  });

  /** One face per person, however many tabs; those in this picture first. */
  const present = computed<Presence[]>(() => {
    const idle = (id: string): boolean => id !== me.value?.id && now.value - (activeAt.value.get(id) ?? now.value) > IDLE_MS;
    const elsewhere = [...live.value.values()].filter((l) => l.task !== task.value).flatMap((l) => l.people.map((p) => ({ id: p.id, name: p.name, task: l.task, here: false, idle: idle(p.id) })));
    const here = [...(me.value ? [me.value] : []), ...peers.value].map(({ id, name }) => ({ id, name, task: task.value, here: true, idle: idle(id) }));
    const others = elsewhere.filter((p) => !here.some((h) => h.id === p.id));
    return [...new Map([...here, ...others].map((p) => [p.id, p])).values()];
  });
  function nameOf(id: string | undefined): string {
    if (id === undefined) return '';
    if (id === me.value?.id) return 'you';
    const name = peers.value.find((p) => p.id === id)?.name ?? known.value.get(id) ?? present.value.find((p) => p.id === id)?.name;
    if (name === undefined) askNames();
    return name ?? 'a colleague';
  }
  return { present, nameOf };
}
