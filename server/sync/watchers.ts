import type { Bus, Person } from '../context.ts';

interface OnlinePerson {
  id: string;
  name: string;
}

/** Who has which project open. A person counts once, however many tabs they have. */
export class Watchers {
  readonly #projects = new Map<string, Map<string, { person: OnlinePerson; tabs: number }>>();
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  add(projectId: string, { id, name }: Person): void {
    const people = this.#projects.get(projectId) ?? new Map<string, { person: OnlinePerson; tabs: number }>();
    this.#projects.set(projectId, people);
    const entry = people.get(id);
    people.set(id, { person: { id, name }, tabs: (entry?.tabs ?? 0) + 1 });
    if (!entry) this.#tell(projectId);
  }

  remove(projectId: string, person: Person): void {
    const people = this.#projects.get(projectId);
    const entry = people?.get(person.id);
    if (!people || !entry) return;
    entry.tabs -= 1;
    if (entry.tabs > 0) return;
    people.delete(person.id);
    if (people.size === 0) this.#projects.delete(projectId);
    this.#tell(projectId);
  }

  online(projectId: string): OnlinePerson[] {
    return [...(this.#projects.get(projectId)?.values() ?? [])].map(({ person }) => person);
  }

  #tell(projectId: string): void {
    this.#bus.emit(projectId, { type: 'online', people: this.online(projectId) });
  }
}
