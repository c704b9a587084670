/**
 * The loop, played by perfect annotators through the API of a server of its own: what does a correction bring, by which order of the images, and in which time?
 *
 *   node bench/loop.ts [--data /tmp/emend-loop] [--results docs/loop/results.jsonl] [--only bccd-roboflow:1,demo:2] [--minutes 60] [--lanes 2] [--tell]
 *
 * Sets: `bccd-roboflow` and `deeppcb-coco` (../shared/datasets, or EMEND_DATASETS) and the demo project's pictures. For each set and seed a first model learns from
 * a few labelled images; then each strategy has its own copy of that state and goes three times around: images from the queue are corrected, frozen, learned
 * from, and the gate decides. Beside that, the same labels are learned from scratch, and all labels of the set. What is played in which sizes: loop/plan.ts.
 *
 * Every finished cell is a line of the results; it is not played again. So the bench can be stopped at any time and go on. `--lanes`: cells that are played at
 * the same time, one thread each; their times are only to be compared where there are as many idle cores. `--tell` plays nothing: it prints the tables and draws the picture from what is there.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isAtHand } from './loop/data.ts';
import { playAll } from './loop/lanes.ts';
import { Player } from './loop/play.ts';
import { cells, nameOf, SEEDS, SETS } from './loop/plan.ts';
import { readResults } from './loop/results.ts';
import { tell } from './loop/tell.ts';

const ROOT = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: join(tmpdir(), 'emend-loop') }, results: { type: 'string', default: join(ROOT, 'docs/loop/results.jsonl') },
    picture: { type: 'string', default: join(ROOT, 'docs/images/loop.svg') }, only: { type: 'string', default: '' }, minutes: { type: 'string', default: '1440' }, lanes: { type: 'string', default: '1' }, tell: { type: 'boolean', default: false },
  },
});

const pairs = SEEDS.flatMap((seed) => SETS.map((set) => ({ set, seed })));
const named = values.only.split(',').filter((word) => word !== '');
const wanted = named.length === 0 ? pairs : named.map((word) => {
  const pair = pairs.find(({ set, seed }) => `${set}:${seed}` === word);
  if (!pair) throw new Error(`--only: “${word}” is none of ${pairs.map(({ set, seed }) => `${set}:${seed}`).join(', ')}`);
  return pair;
});

if (!values.tell) {
  const end = Date.now() + Number(values.minutes) * 60_000;
  const missing = new Set<string>();
  for (const set of SETS) if (!(await isAtHand(set))) missing.add(set);
  if (missing.size > 0) console.info(`not at hand, so not played: ${[...missing].join(', ')}. Name the folder that holds them in EMEND_DATASETS.`);
  const player = await Player.open(values.data, values.results);
  try {
    const played = new Set((await readResults(values.results)).map(nameOf));
    const failed = await playAll({ cells: cells(wanted.filter(({ set }) => !missing.has(set))), lanes: Number(values.lanes), end, played, play: (cell) => player.play(cell) });
    if (failed > 0) process.exitCode = 1;
  } finally {
    await player.close();
  }
}
await tell(await readResults(values.results), values.picture);
