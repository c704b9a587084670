/**
 * 2 000 prompts on 200 pictures through the whole server: does its memory stay flat? Prints the resident memory over time and a verdict.
 *
 *   npm run bench:soak [-- --pictures 200 --prompts 2000 --model mobilesam --weights DIRECTORY]
 *
 * The memory for embeddings is set to 64 MiB (16 pictures of SAM), so that it is full early and everything later has to be made room for.
 */
import { parseArgs } from 'node:util';
import { makeStage } from '../e2e/live/stage.ts';
import { percentiles } from './live/figures.ts';
import { memoryOf } from './live/memory.ts';
import { inUse, Prompter, system } from './segment/server.ts';
import { findWeights, install, WEIGHTS } from './segment/weights.ts';

const { values } = parseArgs({ options: { pictures: { type: 'string', default: '200' }, prompts: { type: 'string', default: '2000' }, model: { type: 'string', default: 'mobilesam' }, weights: { type: 'string', default: WEIGHTS } } });
const pictures = Number(values.pictures);
const each = Math.ceil(Number(values.prompts) / pictures);
/** Lines that are printed on the way. */
const STEPS = 20;
/** More than this between the second and the last quarter is a leak: what the allocator keeps or gives back moves by less. */
const MOST_MIB = 64;

const files = await findWeights(values.weights, values.model);
const stage = await makeStage(2, pictures, { task: 'segment', size: [800, 600], env: { EMEND_EMBEDDING_BYTES: String(64 * 2 ** 20) } });
try {
  await install(files, stage.emend.dataDir);
  await inUse(stage, files.name);
  const memory: number[] = [];
  const times: number[] = [];
  for (const [i, task] of stage.tasks.entries()) {
    const person = stage.people[i % stage.people.length];
    if (!person) break;
    const prompter = new Prompter(stage, person, task);
    await prompter.ready();
    for (let k = 0; k < each; k++) times.push(await prompter.prompt());
    await prompter.leave(task);
    memory.push(await memoryOf(stage.emend.pid()));
    if ((i + 1) % Math.ceil(pictures / STEPS) === 0) console.info(`${i + 1} pictures, ${times.length} prompts: ${memory.at(-1)?.toFixed(0) ?? ''} MiB resident; the last ${each * 5}: p50 ${percentiles(times.slice(-each * 5)).p50.toFixed(0)} ms`);
  }
  const quarter = Math.floor(memory.length / 4);
  const [second, last] = [percentiles(memory.slice(quarter, 2 * quarter)).p50, percentiles(memory.slice(-quarter)).p50];
  const { inference } = await system(stage);
  console.info(`${times.length} prompts on ${memory.length} pictures, every one answered; embeddings: ${inference.embeddings.entries} in memory (${(inference.embeddings.bytes / 2 ** 20).toFixed(0)} MiB), ${inference.embeddings.disk.entries} on disk`);
  console.info(`median of the second quarter ${second.toFixed(0)} MiB, of the last ${last.toFixed(0)} MiB: ${last - second < MOST_MIB ? 'flat' : 'NOT FLAT'} (bar: less than ${MOST_MIB} MiB more)`);
  if (last - second >= MOST_MIB) process.exitCode = 1;
} finally {
  await stage.emend.remove();
}
