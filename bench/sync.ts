/**
 * From one hand to the other screens, and to "saved": real sockets and a real PostgreSQL, beside a bare Socket.IO echo under the same load in the same run.
 *
 *   npm run bench:sync [-- --seconds 10]
 *
 * The hands live in one process and send each edit at once; a browser gathers up to 24 ms of edits first, which comes on top.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { inMs } from './live/figures.ts';
import { Hand } from '../e2e/live/hand.ts';
import { memoryOf, memoryPerRoom } from './live/memory.ts';
import { makeStage, type Person } from '../e2e/live/stage.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } });
const seconds = Number(values.seconds);

interface Load {
  what: string;
  hands: number;
  rooms: number;
  /** Edits a second of each person. */
  rate: number;
}
const LOADS: readonly Load[] = [{ what: '20 hands in one room, 10 edits/s each', hands: 20, rooms: 1, rate: 10 }, { what: '50 hands in 25 rooms, 4 edits/s each', hands: 50, rooms: 25, rate: 4 }];

const NOBODY: Person = { name: 'nobody', cookie: '' };

interface Measured {
  screens: number[];
  saved: number[];
  bytesPerEdit: number;
  refused: number;
}

async function play(origin: string, people: readonly Person[], tasks: readonly string[], { hands: count, rooms, rate }: Load): Promise<Measured> {
  const sent = new Map<string, number>();
  const found: Measured = { screens: [], saved: [], bytesPerEdit: 0, refused: 0 };
  let counting = false;
  const since = (edit: string, into: number[]): void => {
    const at = sent.get(edit);
    if (at !== undefined && counting) into.push(performance.now() - at);
  };
  const hands = Array.from({ length: count }, (_, i) => new Hand(origin, people[i % people.length] ?? NOBODY, tasks[i % rooms] ?? '', {
    // The box's width carries the number of the edit.
    seen: (id, [, , width = 0]) => { since(`${id} ${width}`, found.screens); }, saved: (edit) => { since(edit, found.saved); }, refused: () => { found.refused += 1; },
  }));
  await Promise.all(hands.map((hand) => hand.whenReady()));
  let edits = 0;
  const timers = hands.map((hand, i) => {
    let n = 0;
    const step = (): void => {
      const edit = `b${i} ${++n}`;
      sent.set(edit, performance.now());
      edits += 1;
      hand.put(`b${i}`, [5, i * 5, n, 15], edit);
    };
    return setTimeout(() => { step(); timers.push(setInterval(step, 1000 / rate)); }, (i / hands.length) * (1000 / rate));
  });
  await sleep(1500);
  counting = true;
  await sleep(seconds * 1000);
  for (const timer of timers) clearInterval(timer);
  await sleep(500);
  found.bytesPerEdit = hands.reduce((sum, hand) => sum + hand.bytes, 0) / edits;
  for (const hand of hands) hand.close();
  return found;
}

const echo = fork(join(import.meta.dirname, 'live/echo.ts'));
const [port] = await once(echo, 'message');
const stage = await makeStage(18, 240);
try {
  for (const load of LOADS) {
    const bare = await play(`http://127.0.0.1:${String(port)}`, stage.people, stage.tasks, load);
    const before = await memoryOf(stage.emend.pid());
    const full = await play(stage.origin, stage.people, stage.tasks, load);
    const after = await memoryOf(stage.emend.pid());
    console.info(`\n${load.what}; ${full.bytesPerEdit.toFixed(0)} bytes an edit, ${full.refused} refused; server ${before.toFixed(0)} → ${after.toFixed(0)} MiB`);
    console.table({
      'edit → other screens, Emend (durable first)': inMs(full.screens), 'edit → other screens, bare echo': inMs(bare.screens),
      'edit → "saved" (after COMMIT), Emend': inMs(full.saved), 'edit → acknowledged, bare echo (nothing saved)': inMs(bare.saved),
    });
  }
  const boxes = 50;
  console.info(`\n${stage.tasks.length} open rooms of ${boxes} boxes: ${(await memoryPerRoom(stage, boxes)).toFixed(0)} KiB of the server's resident memory each`);
} finally {
  echo.kill();
  await stage.emend.remove();
}
