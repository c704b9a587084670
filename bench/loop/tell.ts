/** What the results say: tables on the terminal, the bar with what falls short, and the picture. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bars, learning, strategies } from './figures.ts';
import { draw } from './picture.ts';
import { SETS } from './plan.ts';
import type { Result } from './results.ts';

export async function tell(results: readonly Result[], picture: string): Promise<void> {
  for (const set of SETS) {
    const rows = strategies(results.filter((r) => r.set === set));
    if (rows.length === 0) continue;
    console.info(`\n${set}: mAP50 of the model that people have, mean (n seeds); areas as mean heights, clicks as shares of labelling from nothing`);
    console.table(Object.fromEntries(rows.map(({ name, ...row }) => [name, row])));
  }
  console.info('\nincremental beside from scratch, on the same labels; seconds of the processor');
  console.table(Object.fromEntries(learning(results).map(({ name, ...row }) => [name, row])));
  for (const line of bars(results)) console.info(line);
  await mkdir(dirname(picture), { recursive: true });
  await writeFile(picture, draw(results));
}
