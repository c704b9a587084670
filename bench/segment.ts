/**
 * Boxes to masks by SAM-size models: the port and the whole server beside bare ONNX Runtime in the same run; 1, 4 and 16 people at once; how often the embedding
 * is there already; Spark in Node and in a browser; and, where asked for, PyTorch on the same machine or card.
 *
 *   npm run bench:segment [-- --model mobilesam --weights DIRECTORY --rounds 40 --provider cpu --torch PYTHON --only port,server,session,spark,torch]
 *
 * `--provider cuda` on a machine with an NVIDIA card, after `npm run cuda`. `--torch` takes a Python that has the packages that the weights were made with.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { makeStage } from '../e2e/live/stage.ts';
import { PROVIDERS } from '../workers/inference/session.ts';
import { inMs, percentiles } from './live/figures.ts';
import { measurePort, SIZE } from './segment/port.ts';
import { inUse, session, system, together } from './segment/server.ts';
import { measureSpark } from './segment/spark.ts';
import { findWeights, install, WEIGHTS } from './segment/weights.ts';

const { values } = parseArgs({ options: {
  model: { type: 'string', default: 'mobilesam' }, weights: { type: 'string', default: WEIGHTS }, rounds: { type: 'string', default: '40' },
  provider: { type: 'string', default: 'cpu' }, torch: { type: 'string' }, only: { type: 'string', default: 'port,server,session,spark,torch' },
} });
const rounds = Number(values.rounds);
const wanted = new Set(values.only.split(','));
const provider = PROVIDERS.find((name) => name === values.provider);
if (!provider) throw new Error(`--provider is one of ${PROVIDERS.join(', ')}`);

const ratio = (a: readonly number[], b: readonly number[]): string => `${(percentiles(a).p50 / percentiles(b).p50).toFixed(2)} ×`;
const row = (times: readonly number[], beside = ''): object => ({ ...inMs(times), 'p50 to bare': beside });

async function port(): Promise<number[]> {
  const files = await findWeights(values.weights, values.model);
  const { encode, decode, busy, provider: used } = await measurePort(files, { rounds, provider: provider ?? 'cpu' });
  console.info(`\n${files.name} on ${used}, picture ${SIZE.width} × ${SIZE.height}; ms`);
  console.table({
    'decode, bare ONNX Runtime': row(decode.bare), 'decode, through the port (bar 1.15 ×)': row(decode.port, ratio(decode.port, decode.bare)),
    'decode, through the port, while pictures are encoded ahead': row(busy, ratio(busy, decode.bare)),
    'encode, bare ONNX Runtime': row(encode.bare), 'encode, through the port (reading and shrinking the picture, too)': row(encode.port, ratio(encode.port, encode.bare)),
  });
  return decode.bare;
}

async function server(bare: readonly number[]): Promise<void> {
  const files = await findWeights(values.weights, values.model);
  const stage = await makeStage(16, 48, { task: 'segment', size: [SIZE.width, SIZE.height] });
  try {
    await install(files, stage.emend.dataDir);
    await inUse(stage, files.name);
    if (wanted.has('server')) {
      const table: Record<string, object> = {};
      for (const [people, each] of [[1, rounds], [4, Math.ceil(rounds / 2)], [16, Math.ceil(rounds / 6)]] as const) {
        const { times, perSecond } = await together(stage, people, each);
        table[`${people} at once: box → mask in the room`] = { ...row(times, bare.length > 0 ? ratio(times, bare) : ''), 'masks/s': perSecond.toFixed(1), 'bare/s': bare.length > 0 ? (1000 / percentiles(bare).p50).toFixed(1) : '' };
      }
      console.info('\nthrough the whole server (socket, room, COMMIT, queue, model, COMMIT, socket); ms');
      console.table(table);
    }
    if (wanted.has('session')) {
      const { hits, misses, first } = await session(stage, 24, 3, 8000);
      console.info(`\na session of ${first.length} pictures, 8 s and 3 boxes each: ${hits} of ${hits + misses} prompts found their embedding (${((100 * hits) / (hits + misses)).toFixed(0)} %); the first box of a picture: p50 ${percentiles(first).p50.toFixed(0)} ms, p95 ${percentiles(first).p95.toFixed(0)} ms`);
    }
    const { inference } = await system(stage);
    console.info(`server: ${inference.provider} (${inference.tried.map((p) => `${p.provider}: ${p.reason}`).join('; ')})`);
  } finally {
    await stage.emend.remove();
  }
}

async function spark(): Promise<void> {
  const { bare, port: through } = await measureSpark(rounds * 2);
  console.info('\nSpark in Node, one box on a picture that is in memory; ms');
  console.table({ 'the network alone, one thread': row(bare), 'through the port (crop, network, mask)': row(through, ratio(through, bare)) });
  console.info('Spark in a browser:');
  const child = spawn(process.execPath, [join(import.meta.dirname, 'preview.ts')], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  if (code !== 0) console.info('The browser part did not run: it needs the built client (npx vite build) and Chromium.');
}

const Times = Type.Object({ device: Type.String(), cuda: Type.Boolean(), torch: Type.String(), encode: Type.Array(Type.Number()), decode: Type.Array(Type.Number()), batch: Type.Integer(), batchEncode: Type.Array(Type.Number()), gpuMiB: Type.Union([Type.Number(), Type.Null()]) });

async function torch(python: string): Promise<void> {
  const { stdout } = await promisify(execFile)(python, [join(import.meta.dirname, 'segment/torch_times.py'), values.model, String(rounds)], { maxBuffer: 2 ** 24 });
  const found = Value.Parse(Times, JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  console.info(`\nPyTorch ${found.torch} on ${found.device}, the same architecture; ms${found.cuda ? '' : '. There is no CUDA here: this says nothing about a GPU.'}`);
  console.table({ decode: row(found.decode), encode: row(found.encode), [`encode, ${found.batch} at once`]: row(found.batchEncode) });
  const best = percentiles(found.batchEncode).p50;
  console.info(`${((found.batch * 1000) / best).toFixed(1)} pictures/s encoded in batches${found.gpuMiB === null ? '' : `; at most ${found.gpuMiB.toFixed(0)} MiB of GPU memory`}`);
}

const bare = wanted.has('port') ? await port() : [];
if (wanted.has('server') || wanted.has('session')) await server(bare);
if (wanted.has('spark')) await spark();
if (wanted.has('torch') && values.torch !== undefined) await torch(values.torch);
else if (wanted.has('torch')) console.info('\nPyTorch was not measured: name a Python with --torch.');
