/** What runs in a thread or process of a lane: one file for all lanes, one function per request, models kept here. */
import { getPriority, setPriority } from 'node:os';
import { isMainThread, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { Value } from 'typebox/value';
import { Type } from 'typebox';
import { EmendError } from '#core/errors.ts';
import type { Reply, RequestName, Requests } from './messages.ts';
import { readModelFile } from './modelFile.ts';
import { decode as decodeSam, encode as encodeSam, inspect as inspectSam } from './sam.worker.ts';
import { PROVIDERS, Sessions } from './session.ts';
import { segment as segmentSpark } from './spark.worker.ts';
import { predict as predictYolo } from './yolo.worker.ts';

sharp.concurrency(1); // the lanes are the parallelism; libvips' own threads would only fight them
sharp.cache(false);

const Settings = Type.Object({
  providers: Type.Array(Type.Union(PROVIDERS.map((name) => Type.Literal(name)))),
  threads: Type.Integer({ minimum: 1 }),
  keep: Type.Integer({ minimum: 1 }),
  nice: Type.Integer({ minimum: 0, maximum: 19 }),
});

// Piscina puts its own data first and the caller's second; a process is told by its arguments.
const given: unknown = isMainThread ? JSON.parse(process.argv[3] ?? 'null') : Array.isArray(workerData) ? workerData[1] : workerData;
const settings = Value.Parse(Settings, given);
// Linux keeps the priority of each thread apart, and the runtime's own threads inherit this one's; elsewhere it would slow the whole server, unless this is a process of its own.
if (process.platform === 'linux' || isMainThread) setPriority(0, Math.min(19, getPriority(0) + settings.nice));
const sessions = new Sessions(settings);

async function reply<N extends RequestName>(work: () => Promise<Requests[N]['out']>): Promise<Reply<N>> {
  try {
    return { ok: true, value: await work(), attempts: sessions.attempts };
  } catch (error) {
    const problem = error instanceof EmendError ? error.toProblem() : null;
    return { ok: false, problem, trace: error instanceof Error ? (error.stack ?? error.message) : String(error), attempts: sessions.attempts };
  }
}

type Handler<N extends RequestName> = (message: Requests[N]['in']) => Promise<Reply<N>>;

export const predict: Handler<'predict'> = ({ model, image, options }) => reply(() => predictYolo(sessions, model, image, options));
export const encode: Handler<'encode'> = ({ encoder, image }) => reply(() => encodeSam(sessions, encoder, image));
export const decode: Handler<'decode'> = ({ decoder, embedding, prompts, most }) => reply(() => decodeSam(sessions, decoder, embedding, prompts, most));
export const inspect: Handler<'inspect'> = ({ encoder, decoder }) => reply(async () => {
  inspectSam((await readModelFile(encoder)).meta, (await readModelFile(decoder)).meta);
  return null;
});
export const warm: Handler<'warm'> = ({ model }) => reply(async () => {
  await sessions.open(model);
  return null;
});
export const spark: Handler<'spark'> = ({ model, image, prompts }) => reply(() => segmentSpark(sessions, model, image, prompts));
