/**
 * How long the map of a large project takes: vectors read, reduced and placed, on a real PostgreSQL; then its facets.
 *
 *   npm run bench:map [-- --images 100000 --length 256]
 *
 * Made-up images in 300 clusters with feature vectors of `length` numbers. Prints seconds per phase and the longest gap of the main thread's event loop meanwhile:
 * people are at work there.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { DEFAULT_SETTINGS } from '#core/api/project.ts';
import { encodeBrief } from '#core/next/brief.ts';
import { encodeVector } from '#core/next/look.ts';
import { connect } from '../server/database/connect.ts';
import { startEmbedded } from '../server/database/embedded.ts';
import { migrate } from '../server/database/migrate.ts';
import { seeded } from '../server/demo/random.ts';
import { facetsOf } from '../server/features/images/index.ts';
import { workOut } from '../server/features/map/make.ts';
import { readConfig } from '../server/config.ts';

const { values } = parseArgs({ options: { images: { type: 'string', default: '100000' }, length: { type: 'string', default: '256' } } });
const [IMAGES, LENGTH] = [Number(values.images), Number(values.length)];
const CLUSTERS = 300;
const PART = 2000;

async function fill(client: pg.Client): Promise<string[]> {
  const random = seeded(7, 1);
  const hex = (): string => Array.from({ length: 8 }, () => Math.floor(random.next() * 2 ** 32).toString(16).padStart(8, '0')).join('');
  await client.query(`INSERT INTO "Project" (id, name, task, settings) VALUES ('p', 'bench', 'segment', $1)`, [DEFAULT_SETTINGS]);
  await client.query(`INSERT INTO "Iteration" (id, "projectId", number) VALUES ('i', 'p', 1)`);
  await client.query(`INSERT INTO "ModelVersion" (id, "projectId", number, name, task, "classNames", "classMap", meta, origin) VALUES ('m', 'p', 1, 'm', 'segment', '[]', '[]', '{}', 'trained')`);
  const centres = Array.from({ length: CLUSTERS }, () => Float32Array.from({ length: LENGTH }, () => random.next()));
  const all: string[] = [];
  for (let at = 0; at < IMAGES; at += PART) {
    const ids = Array.from({ length: Math.min(PART, IMAGES - at) }, (_, i) => `img${String(at + i).padStart(17, '0')}`);
    all.push(...ids);
    await client.query(`INSERT INTO "Image" (id, "projectId", sha256, name, type, bytes, width, height, "thumbSha256") SELECT u.id, 'p', u.sha, u.id, 'image/png', 1, 640, 512, u.sha FROM unnest($1::text[], $2::text[]) u(id, sha)`, [ids, ids.map(hex)]);
    const vectors = ids.map(() => Buffer.from(encodeVector((centres[random.integer(0, CLUSTERS - 1)] ?? new Float32Array(LENGTH)).map((value) => value + random.between(-0.3, 0.3)))));
    await client.query(`INSERT INTO "FeatureVector" ("imageId", "modelId", values) SELECT u.id, 'm', u.v FROM unnest($1::text[], $2::bytea[]) u(id, v)`, [ids, vectors]);
    const briefs = ids.map(() => Buffer.from(encodeBrief(Array.from({ length: 10 }, () => ({ class: random.integer(0, 2), score: random.next() })))));
    await client.query(`INSERT INTO "PredictionSet" (id, "imageId", "modelId", instances, brief, floor, ms, provider) SELECT 's' || u.id, u.id, 'm', '[]', u.b, 0.05, 1, 'cpu' FROM unnest($1::text[], $2::bytea[]) u(id, b)`, [ids, briefs]);
    await client.query(`INSERT INTO "Task" (id, "projectId", "imageId", "iterationId", "predictionSetId") SELECT 't' || u.id, 'p', u.id, 'i', 's' || u.id FROM unnest($1::text[]) u(id)`, [ids]);
  }
  await client.query('VACUUM ANALYZE');
  return all;
}

/** Seconds of `work`, and the longest gap of the event loop in it, in milliseconds. */
async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; gap: number; cpu: number; answer: T }> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  const answer = await work();
  const used = process.cpuUsage(cpu);
  return { seconds: (performance.now() - began) / 1000, gap: delay.max / 1e6, cpu: (used.user + used.system) / 1e6, answer };
}

const dir = await mkdtemp(join(tmpdir(), 'emend-bench-map-'));
await chmod(dir, 0o755);
const database = await startEmbedded(dir);
try {
  await migrate(database.url);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const ids = await fill(client);
  await client.end();
  const phases = new Map<string, { from: number; to: number }>();
  const began = performance.now();
  const map = await timed(() => workOut({ databaseUrl: database.url, config: readConfig({}, dir) }, { projectId: 'p', modelId: 'm' }, new AbortController().signal, (_done, _total, words = '') => {
    const now = (performance.now() - began) / 1000;
    phases.set(words, { from: phases.get(words)?.from ?? now, to: now });
  }));
  const db = await connect(database.url);
  const facets = await timed(() => facetsOf(db, { projectId: 'p', threshold: 0.25, eyes: null }, [0, 1, 2], ids, () => undefined));
  await db.$disconnect();
  console.info(`${IMAGES} images, vectors of ${LENGTH}`);
  console.table(Object.fromEntries([...phases].map(([words, { from, to }]) => [words, { from: from.toFixed(1), to: to.toFixed(1) }])));
  console.table({
    'the map, seconds': { wall: map.seconds.toFixed(1), cpu: map.cpu.toFixed(1), 'longest gap, ms': map.gap.toFixed(0), 'file, MB': (map.answer.file.length / 1e6).toFixed(2) },
    'its facets, seconds': { wall: facets.seconds.toFixed(1), cpu: facets.cpu.toFixed(1), 'longest gap, ms': facets.gap.toFixed(0), 'file, MB': '' },
  });
} finally {
  await database.stop();
  await rm(dir, { recursive: true, force: true });
}
