/**
 * How long it takes to rank all waiting images of a large project: read, work out and write, on a real PostgreSQL.
 *
 *   npm run bench:next [-- --images 100000 --objects 10 --length 256]
 *
 * Made-up images in 300 clusters with `objects` predictions each (with masks, as segmentation projects have them) and feature vectors of `length` numbers;
 * 2000 more are labelled. Prints seconds per step; the processor time of the ranking's thread and of PostgreSQL (Linux), which a busy machine does not stretch; and
 * the longest gap of the main thread's event loop meanwhile: people are at work there.
 */
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { DEFAULT_SETTINGS, type ProjectSettings } from '#core/api/project.ts';
import { encodeBrief } from '#core/next/brief.ts';
import { encodeVector } from '#core/next/look.ts';
import { startEmbedded } from '../server/database/embedded.ts';
import { migrate } from '../server/database/migrate.ts';
import { seeded, type Random } from '../server/demo/random.ts';
import { Ranker } from '../server/features/next/ranker.ts';

const { values } = parseArgs({ options: { images: { type: 'string', default: '100000' }, objects: { type: 'string', default: '10' }, length: { type: 'string', default: '256' } } });
const [IMAGES, OBJECTS, LENGTH] = [Number(values.images), Number(values.objects), Number(values.length)];
const LABELLED = 2000;
const CLUSTERS = 300;
const PART = 2000;
/** As long as the run lengths of a mask of some hundred pixels. */
const MASK = { size: [512, 640], counts: 'o0PQ1'.repeat(24) };

async function fill(client: pg.Client): Promise<void> {
  const random = seeded(7, 1);
  await client.query(`INSERT INTO "Project" (id, name, task, settings) VALUES ('p', 'bench', 'segment', $1)`, [DEFAULT_SETTINGS]);
  for (const index of [0, 1, 2]) await client.query(`INSERT INTO "ProjectClass" ("projectId", index, name, color) VALUES ('p', $1, $2, '#e69f00')`, [index, ['Chip', 'Void', 'Wire'][index]]);
  await client.query(`INSERT INTO "Iteration" (id, "projectId", number) VALUES ('i', 'p', 1)`);
  for (const [number, id] of ['former', 'now'].entries()) {
    await client.query(`INSERT INTO "ModelVersion" (id, "projectId", number, name, task, "classNames", "classMap", meta, origin) VALUES ($1, 'p', $2, $1, 'segment', '[]', '[]', '{}', 'trained')`, [id, number]);
    await client.query(`INSERT INTO "Promotion" (id, "projectId", "modelId", kind) VALUES ($1, 'p', $1, 'manual')`, [id]);
  }
  await client.query(`UPDATE "Project" SET "currentModelId" = 'now'`);
  await client.query(`INSERT INTO "Import" (id, "projectId", state, "createdBy") VALUES ('m', 'p', 'applied', 'x')`);
  const centres = Array.from({ length: CLUSTERS }, () => Float32Array.from({ length: LENGTH }, () => random.next()));
  for (let at = 0; at < IMAGES + LABELLED; at += PART) await insert(client, random, centres, at, Math.min(PART, IMAGES + LABELLED - at));
  await client.query('VACUUM ANALYZE');
}

async function insert(client: pg.Client, random: Random, centres: readonly Float32Array[], from: number, count: number): Promise<void> {
  const hex = (): string => Array.from({ length: 8 }, () => Math.floor(random.next() * 2 ** 32).toString(16).padStart(8, '0')).join('');
  const ids = Array.from({ length: count }, (_, i) => `img${String(from + i).padStart(9, '0')}`);
  await client.query(`INSERT INTO "Image" (id, "projectId", sha256, name, type, bytes, width, height, "thumbSha256") SELECT u.id, 'p', u.sha, u.id, 'image/png', 1, 640, 512, u.sha FROM unnest($1::text[], $2::text[]) u(id, sha)`, [ids, ids.map(hex)]);
  const vectors = ids.map(() => {
    const centre = centres[random.integer(0, CLUSTERS - 1)] ?? new Float32Array(LENGTH);
    return Buffer.from(encodeVector(centre.map((value) => value + random.between(-0.2, 0.2))));
  });
  await client.query(`INSERT INTO "FeatureVector" ("imageId", "modelId", values) SELECT u.id, 'now', u.v FROM unnest($1::text[], $2::bytea[]) u(id, v)`, [ids, vectors]);
  const waiting = ids.filter((_, i) => from + i < IMAGES);
  for (const model of ['now', 'former']) {
    const sets = waiting.map(() => found(random));
    await client.query(`INSERT INTO "PredictionSet" (id, "imageId", "modelId", instances, brief, floor, ms, provider) SELECT $2 || u.id, u.id, $2, u.p::jsonb, u.b, 0.05, 1, 'cpu' FROM unnest($1::text[], $3::text[], $4::bytea[]) u(id, p, b)`, [waiting, model, sets.map((set) => JSON.stringify(set)), sets.map((set) => Buffer.from(encodeBrief(set)))]);
  }
  await client.query(`INSERT INTO "Task" (id, "projectId", "imageId", "iterationId", "predictionSetId") SELECT 't' || u.id, 'p', u.id, 'i', 'now' || u.id FROM unnest($1::text[]) u(id)`, [waiting]);
  await client.query(`INSERT INTO "BaselineLabel" (id, "imageId", "importId", instances) SELECT 'b' || u.id, u.id, 'm', '[]' FROM unnest($1::text[]) u(id)`, [ids.filter((_, i) => from + i >= IMAGES)]);
}

function found(random: Random): { class: number; score: number }[] {
  return Array.from({ length: random.integer(0, 2 * OBJECTS) }, (_, i) => ({
    id: `p${i}`, class: random.integer(0, 2), box: [random.between(0, 500), random.between(0, 400), random.between(5, 100), random.between(5, 100)], score: Math.max(0.05, random.next() ** 0.5), mask: MASK,
  }));
}

/** Processor seconds of PostgreSQL so far, those of connections that have ended included, as far as /proc tells. */
async function databaseCpu(dir: string): Promise<number> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const read = (pid: string, file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const servers = new Set((await Promise.all(pids.map(async (pid) => ((await read(pid, 'cmdline')).includes(dir) ? pid : '')))).filter(Boolean));
  const seconds = await Promise.all(pids.map(async (pid) => {
    const line = await read(pid, 'stat');
    // After the name in brackets: state, parent, …; utime, stime and those of ended children are the 12th to 15th, in hundredths.
    const rest = line.slice(line.lastIndexOf(')') + 2).split(' ');
    const times = rest.slice(11, 15).map(Number);
    if (servers.has(pid)) return times.reduce((sum, t) => sum + t, 0) / 100;
    return servers.has(rest[1] ?? '') ? ((times[0] ?? 0) + (times[1] ?? 0)) / 100 : 0;
  }));
  return seconds.reduce((sum, t) => sum + t, 0);
}

const dir = await mkdtemp(join(tmpdir(), 'emend-bench-'));
await chmod(dir, 0o755); // as root, PostgreSQL runs under another account, which must be able to enter
const database = await startEmbedded(dir);
try {
  await migrate(database.url);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  console.info(`Making ${IMAGES} waiting and ${LABELLED} labelled images, ${OBJECTS} predictions each on average, vectors of ${LENGTH}`);
  await fill(client);
  const ranker = new Ranker({ databaseUrl: database.url, blobsDir: join(dir, 'blobs') });
  console.info('order          read   rank  write  total   CPU: thread  database   longest gap of the event loop');
  const orders: ProjectSettings['order'][] = ['uncertain', 'disagreement', 'random', 'sequential'];
  for (const order of orders) {
    await client.query(`UPDATE "Project" SET settings = settings || jsonb_build_object('order', $1::text)`, [order]);
    const gaps = monitorEventLoopDelay({ resolution: 5 });
    gaps.enable();
    const before = await databaseCpu(dir);
    const began = performance.now();
    const done = await ranker.rank('p');
    const total = performance.now() - began;
    gaps.disable();
    const seconds = (ms: number): string => (ms / 1000).toFixed(1).padStart(6);
    console.info(`${order.padEnd(12)} ${seconds(done.read)} ${seconds(done.ranked)} ${seconds(done.written)} ${seconds(total)} s ${seconds(done.cpu)} s  ${seconds(((await databaseCpu(dir)) - before) * 1000)} s ${(gaps.max / 1e6).toFixed(0).padStart(5)} ms   ${done.changed} tasks changed`);
  }
  await ranker.close();
  await client.end();
} finally {
  await database.stop();
  await rm(dir, { recursive: true, force: true });
}
