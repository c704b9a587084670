/** What a person is doing, from what the server last said and the time that has passed since. Pure. */
import type { LivePerson, LiveTask } from '#core/api/team.ts';
import { duration } from '../../ui/words.ts';

/** A hand that rests this long has stopped. */
export const IDLE_MS = 60_000;

export type Doing = 'drawing' | 'working' | 'looking' | 'idle' | 'online' | 'offline';
export interface Presence {
  doing: Doing;
  words: string;
  /** Images that they have open, the most recently touched first. */
  tasks: LiveTask[];
}

/** `now` is the server's clock. */
export function doingOf(person: LivePerson, now: number): Exclude<Doing, 'online' | 'offline'> {
  if (now - person.activeAt > IDLE_MS) return 'idle';
  if (person.drawing) return 'drawing';
  return person.readOnly ? 'looking' : 'working';
}

export function wordsOf(person: LivePerson, now: number): string {
  const doing = doingOf(person, now);
  if (doing === 'idle') return `idle for ${duration(Math.floor((now - person.activeAt) / 60_000) * 60)}`;
  return doing === 'drawing' ? 'drawing' : doing === 'looking' ? 'looking on' : 'at work';
}

export function presenceOf(id: string, live: readonly LiveTask[], online: ReadonlySet<string>, now: number): Presence {
  const seats = live.flatMap((task) => task.people.filter((p) => p.id === id).map((person) => ({ task, person }))).toSorted((a, b) => b.person.activeAt - a.person.activeAt);
  const [latest] = seats;
  const tasks = seats.map((seat) => seat.task);
  if (latest) return { doing: doingOf(latest.person, now), words: wordsOf(latest.person, now), tasks };
  return online.has(id) ? { doing: 'online', words: 'online', tasks } : { doing: 'offline', words: 'offline', tasks };
}

/** Pictures in a steady order: nothing jumps about while people work. By the first person's name, then by the picture's. */
export function inOrder(live: Iterable<LiveTask>): LiveTask[] {
  const key = (task: LiveTask): string => `${task.people[0]?.name ?? ''}\n${task.name}\n${task.task}`;
  return [...live].toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
