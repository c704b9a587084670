type Listeners<Events extends Record<string, readonly unknown[]>> = { [Name in keyof Events]?: Set<(...args: Events[Name]) => void> };

/** A typed emitter of a few lines: `on` answers with the function that ends the subscription. */
export class Emitter<Events extends Record<string, readonly unknown[]>> {
  #listeners: Listeners<Events> = {};

  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): () => void {
    const set: Set<(...args: Events[Name]) => void> = this.#listeners[name] ?? new Set();
    this.#listeners[name] = set;
    set.add(listener);
    return () => void set.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    // A copy: a listener may end its own subscription while it runs.
    for (const listener of [...(this.#listeners[name] ?? [])]) listener(...args);
  }

  clear(): void {
    this.#listeners = {};
  }
}
