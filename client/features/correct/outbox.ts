import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { Id, Nullable } from '#core/api/common.ts';

/** A submit that has not reached the server yet: what was seen, and how long it took. The edits themselves lie in the browser's copy of the document. */
const Letter = Type.Object({ task: Id, name: Type.String(), timeMs: Type.Number(), predictionSetId: Nullable(Id) });
export type Letter = Static<typeof Letter>;
const Letters = Type.Array(Letter);

const Unsent = Type.Array(Type.Object({ task: Id, name: Type.String() }));
export type Unsent = Static<typeof Unsent>[number];

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** What must not be forgotten when the tab is closed: a list in the browser's storage, of one person in one project, one entry for each task. */
class Kept<T extends { task: string }> {
  readonly #kind: string;
  readonly #read: (stored: unknown) => T[];
  readonly #whose: () => { user: string; project: string };
  readonly #storage: Store;

  constructor(kind: string, read: (stored: unknown) => T[], whose: () => { user: string; project: string }, storage: Store) {
    this.#kind = kind;
    this.#read = read;
    this.#whose = whose;
    this.#storage = storage;
  }

  get #key(): string {
    const { user, project } = this.#whose();
    return `emend:${this.#kind}:${user}:${project}`;
  }

  list(): T[] {
    try {
      return this.#read(JSON.parse(this.#storage.getItem(this.#key) ?? '[]'));
    } catch {
      return [];
    }
  }

  put(entry: T): void {
    this.#write([...this.list().filter(({ task }) => task !== entry.task), entry]);
  }

  take(task: string): void {
    const list = this.list();
    if (list.some((entry) => entry.task === task)) this.#write(list.filter((entry) => entry.task !== task));
  }

  #write(entries: readonly T[]): void {
    try {
      if (entries.length === 0) this.#storage.removeItem(this.#key);
      else this.#storage.setItem(this.#key, JSON.stringify(entries));
    } catch {
      // A full or forbidden storage: work goes on, only a closed tab would lose it.
    }
  }
}

/** Tasks with edits that have not reached the server yet. The edits themselves lie in the browser's copy of the document. */
export class UnsentEdits extends Kept<Unsent> {
  constructor(whose: () => { user: string; project: string }, storage: Store = localStorage) {
    super('unsent', (stored) => (Value.Check(Unsent, stored) ? stored : []), whose, storage);
  }
}

/** Submits under way. */
export class Outbox extends Kept<Letter> {
  constructor(whose: () => { user: string; project: string }, storage: Store = localStorage) {
    super('outbox', (stored) => (Value.Check(Letters, stored) ? stored : []), whose, storage);
  }
}
