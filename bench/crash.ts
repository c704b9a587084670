/**
 * `kill -9` of the server, and of PostgreSQL, in the middle of edits by several hands, again and again; then every edit that was called saved must be there: in
 * the database, and on the screen of somebody who was never there before.
 *
 *   npm run bench:crash [-- --kills 200 --seed 1]
 */
import { parseArgs } from 'node:util';
import { crashTest } from '../e2e/live/crash.ts';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } } });
const found = await crashTest({ kills: Number(values.kills), seed: Number(values.seed), report: (line) => { console.info(line); } });
console.info(`\n${found.serverKills} kills of the server and ${found.databaseKills} of PostgreSQL; ${found.made} edits made, ${found.saved} called saved and checked, ${found.lost} lost`);
process.exitCode = found.lost === 0 ? 0 : 1;
