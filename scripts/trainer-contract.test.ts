import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { contractFiles } from '#core/training/contract.ts';

const dir = join(import.meta.dirname, '..', 'workers', 'trainer', 'contract');

it('the trainer’s contract is what core says; npm run trainer:contract writes it', async () => {
  const files = contractFiles();
  expect((await readdir(dir)).toSorted()).toEqual(Object.keys(files).toSorted());
  for (const [name, text] of Object.entries(files)) expect(await readFile(join(dir, name), 'utf8'), name).toBe(text);
});
