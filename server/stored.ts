import type { Static, TObject } from 'typebox';
import { Value } from 'typebox/value';

/**
 * A stored object as its schema wants it: each property that fits is kept, each other one is the default's, unknown ones are left out. One bad property must
 * cost neither the others nor the list that the row stands in. `bad` names what did not fit; a property that is not there is not bad.
 */
export function repair<T extends TObject>(schema: T, stored: unknown, defaults: Static<T>): { value: Static<T>; bad: string[] } {
  const found = typeof stored === 'object' && stored !== null ? Object.entries(stored) : [];
  const fits = ([key, value]: [string, unknown]): boolean => {
    const property = Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    return property !== undefined && Value.Check(property, value);
  };
  const merged = { ...defaults, ...Object.fromEntries(found.filter(fits)) };
  return { value: Value.Check(schema, merged) ? merged : defaults, bad: found.filter((entry) => !fits(entry)).map(([key]) => key) };
}
