import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { Id, Nullable } from '#core/api/common.ts';

/** A submit that has not reached the server yet: what was seen, and how long it took. The edits themselves lie in the browser's copy of the document. */
const Letter = Type.Object({ task: Id, name: Type.String(), timeMs: Type.Number(), predictionSetId: Nullable(Id) });
export type Letter = Static<typeof Letter>;
const Letters = Type.Array(Letter);

/** Submits under way, kept where a closed tab cannot lose them. One person, one project. */
export class Outbox {
  readonly #whose: () => { user: string; project: string };
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

  constructor(whose: () => { user: string; project: string }, storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> = localStorage) {
    this.#whose = whose;
    this.#storage = storage;
  }

  get #key(): string {
    const { user, project } = this.#whose();
    return `emend:outbox:${user}:${project}`;
  }

  list(): Letter[] {
    try {
      const stored: unknown = JSON.parse(this.#storage.getItem(this.#key) ?? '[]');
      return Value.Check(Letters, stored) ? stored : [];
    } catch {
      return [];
    }
  }

  put(letter: Letter): void {
    this.#write([...this.list().filter((l) => l.task !== letter.task), letter]);
  }

  take(task: string): void {
    this.#write(this.list().filter((l) => l.task !== task));
  }

  #write(letters: readonly Letter[]): void {
    try {
      if (letters.length === 0) this.#storage.removeItem(this.#key);
      else this.#storage.setItem(this.#key, JSON.stringify(letters));
    } catch {
      // A full or forbidden storage: the submit goes on, only a closed tab would lose it.
    }
  }
}
