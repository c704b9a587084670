import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EmbeddingStore } from './embeddingStore.ts';
import type { Embedding } from './messages.ts';
import { share } from './sharedTensor.ts';

let directory = '';
beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'embeddings-')); });
afterEach(async () => { await rm(directory, { recursive: true, force: true }); });

const of = (value: number, side = 4, name = 'image_embeddings'): Embedding => ({
  id: 'one',
  image: { width: 30, height: 20 }, tensors: { [name]: share(new Float32Array(2 * side * side).fill(value), [1, 2, side, side]) },
});
const values = (embedding: Embedding | null): number[] | null => embedding && Object.values(embedding.tensors).flatMap(({ data }) => [...data]);
const MEGABYTE = 2 ** 20;

it('gives back exactly what was put in, also to the next server', async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.record({ name: fc.string({ minLength: 1 }).filter((n) => n !== '__proto__'), values: fc.float32Array({ minLength: 1, maxLength: 40 }) }), { minLength: 1, maxLength: 4 }), fc.string(),
    async (tensors, key) => {
      const own = join(directory, String(Math.random()));
      const embedding: Embedding = { id: 'one', image: { width: 7, height: 9 }, tensors: Object.fromEntries(tensors.map((t) => [t.name, share(t.values, [1, t.values.length])])) };
      await new EmbeddingStore(own, MEGABYTE).put(key, embedding);
      expect(await new EmbeddingStore(own, MEGABYTE).get(key)).toEqual({ ...embedding, id: expect.any(String) });
      expect(await new EmbeddingStore(own, MEGABYTE).get(`${key}x`)).toBeNull();
    },
  ), { numRuns: 40 });
});

it('keeps to its budget, and what is used', async () => {
  const one = await size();
  const store = new EmbeddingStore(join(directory, 'a'), 3 * one);
  for (const key of [1, 2, 3]) await store.put(String(key), of(key));
  expect(values(await store.get('1'))?.[0]).toBe(1);
  await store.put('4', of(4));
  expect(await store.get('2')).toBeNull();
  expect(values(await store.get('1'))?.[0]).toBe(1);
  expect(store.status).toEqual({ entries: 3, bytes: 3 * one, hits: 2 });
  expect(await readdir(join(directory, 'a'))).toHaveLength(3);
  const smaller = new EmbeddingStore(join(directory, 'a'), one);
  expect(await smaller.get('3')).toBeNull();
  expect(await readdir(join(directory, 'a'))).toHaveLength(1);
  await smaller.put('large', of(1, 64));
  expect(await smaller.get('large')).toBeNull();
});

it('a torn or foreign file is nothing, and goes', async () => {
  const store = new EmbeddingStore(directory, MEGABYTE);
  for (const key of ['a', 'b', 'c']) await store.put(key, of(3));
  const [first = '', second = '', third = ''] = await readdir(directory);
  await truncate(join(directory, first), 60);
  await writeFile(join(directory, second), 'no embedding');
  await truncate(join(directory, third), 2);
  await writeFile(join(directory, 'left.embedding.part'), 'x');
  const next = new EmbeddingStore(directory, MEGABYTE);
  for (const key of ['a', 'b', 'c']) expect(await next.get(key)).toBeNull();
  expect(await readdir(directory)).toEqual([]);
});

async function size(): Promise<number> {
  const store = new EmbeddingStore(join(directory, 'size'), MEGABYTE);
  await store.put('x', of(1));
  return store.status.bytes;
}
