/**
 * `kill -9` of the server, of PostgreSQL and of the trainer while versions are frozen and models trained, measured, gated and promoted, again and again; after each
 * kill all that is stored must be whole, and what was under way must have ended, go on, or say why it failed.
 *
 *   npm run bench:loop-crash [-- --rounds 10 --seed 1 --only freeze|promote|train]
 */
import { parseArgs } from 'node:util';
import { LOOP_PARTS, loopCrashTest } from '../e2e/live/loopCrash.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' }, only: { type: 'string' } } });
const found = await loopCrashTest({ rounds: Number(values.rounds), seed: Number(values.seed), parts: LOOP_PARTS.filter((part) => values.only === undefined || part === values.only), report: (line) => { console.info(line); } });
console.info(`\n${found.kills} kills over ${found.versions} freezes, ${found.promotions} promotions and ${found.runs} training runs; ${found.problems.length} things were not as they must be`);
for (const problem of found.problems) console.info(`  ${problem}`);
process.exitCode = found.problems.length === 0 ? 0 : 1;
