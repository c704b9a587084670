/**
 * How long a second look takes on a large project: comparing all labelled images with the present model's predictions, and the list that people read.
 *
 *   npm run bench:second-look [-- --images 10000 --objects 10]
 *
 * Made-up images with `objects` labels each (with masks) and predictions that agree with most of them, on a real PostgreSQL. Predicting is not measured: it is that of
 * any image (docs/performance.md). Prints seconds of the comparison, and the milliseconds of each statement that stands between a person and the list: the median of
 * ten, and the processor time of this process and of PostgreSQL, which a busy machine does not stretch.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { DEFAULT_SETTINGS } from '#core/api/project.ts';
import { connect } from '../server/database/connect.ts';
import { startEmbedded } from '../server/database/embedded.ts';
import { migrate } from '../server/database/migrate.ts';
import { seeded, type Random } from '../server/demo/random.ts';
import { listFindings, readState } from '../server/features/secondLook/list.ts';
import { refreshAll, refreshSome } from '../server/features/secondLook/refresh.ts';

const { values } = parseArgs({ options: { images: { type: 'string', default: '10000' }, objects: { type: 'string', default: '10' } } });
const [IMAGES, OBJECTS] = [Number(values.images), Number(values.objects)];
const PART = 1000;
const TIMES = 10;
/** As long as the run lengths of a mask of some hundred pixels. */
const MASK = { size: [512, 640], counts: 'o0PQ1'.repeat(24) };

interface Made { id: string; class: number; box: [number, number, number, number]; mask: typeof MASK }

async function fill(client: pg.Client): Promise<void> {
  const random = seeded(7, 1);
  await client.query(`INSERT INTO "Project" (id, name, task, settings, "currentModelId") VALUES ('p', 'bench', 'segment', $1, 'now')`, [DEFAULT_SETTINGS]);
  for (const index of [0, 1, 2]) await client.query(`INSERT INTO "ProjectClass" ("projectId", index, name, color) VALUES ('p', $1, $2, '#e69f00')`, [index, ['Chip', 'Void', 'Wire'][index]]);
  await client.query(`INSERT INTO "ModelVersion" (id, "projectId", number, name, task, "classNames", "classMap", meta, origin) VALUES ('now', 'p', 1, 'now', 'segment', '[]', '[]', '{}', 'trained')`);
  await client.query(`INSERT INTO "Import" (id, "projectId", state, "createdBy") VALUES ('m', 'p', 'applied', 'x')`);
  for (let at = 0; at < IMAGES; at += PART) await insert(client, random, Array.from({ length: Math.min(PART, IMAGES - at) }, (_, i) => `img${String(at + i).padStart(9, '0')}`));
  await client.query('VACUUM ANALYZE');
}

async function insert(client: pg.Client, random: Random, ids: readonly string[]): Promise<void> {
  await client.query(`INSERT INTO "Image" (id, "projectId", sha256, name, type, bytes, width, height, "thumbSha256") SELECT id, 'p', md5(id) || md5(id), id, 'image/png', 1, 640, 512, id FROM unnest($1::text[]) u(id)`, [ids]);
  const labels = ids.map((id) => Array.from({ length: OBJECTS }, (_, i): Made => ({ id: `${id}_${i}`, class: random.integer(0, 2), box: [random.between(0, 500), random.between(0, 400), random.between(3, 100), random.between(5, 100)], mask: MASK })));
  await client.query(`INSERT INTO "BaselineLabel" (id, "imageId", "importId", instances) SELECT 'b' || u.id, u.id, 'm', u.l::jsonb FROM unnest($1::text[], $2::text[]) u(id, l)`, [ids, labels.map((all) => JSON.stringify(all.map((l) => ({ ...l, source: 'baseline' }))))]);
  const seen = labels.map((all) => all.flatMap((label) => seeOne(random, label)));
  await client.query(`INSERT INTO "PredictionSet" (id, "imageId", "modelId", instances, floor, ms, provider) SELECT 's' || u.id, u.id, 'now', u.p::jsonb, 0.05, 40, 'cpu' FROM unnest($1::text[], $2::text[]) u(id, p)`, [ids, seen.map((all) => JSON.stringify(all))]);
}

/** Mostly the label; one in twenty is missed, has another class, or is accompanied by something that nobody labelled. */
function seeOne(random: Random, { class: index, box: [x, y, w, h], ...rest }: Made): object[] {
  const luck = random.integer(0, 59);
  if (luck === 0) return [];
  const one = { ...rest, class: luck === 1 ? (index + 1) % 3 : index, box: [x + 1, y, w, h], score: Math.max(0.05, random.next() ** 0.3) };
  return luck === 2 ? [one, { ...one, id: `${one.id}x`, box: [600, 470, 30, 30] }] : [one];
}

const median = (all: number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;

async function clock(name: string, work: () => Promise<unknown>): Promise<void> {
  const [wall, cpu]: [number[], number[]] = [[], []];
  for (let i = 0; i < TIMES; i++) {
    const [began, before] = [performance.now(), process.cpuUsage()];
    await work();
    const { user, system } = process.cpuUsage(before);
    wall.push(performance.now() - began);
    cpu.push((user + system) / 1000);
  }
  console.info(`${name.padEnd(44)} ${median(wall).toFixed(0).padStart(6)} ms   of which this process ${median(cpu).toFixed(0)} ms`);
}

const dir = await mkdtemp(join(tmpdir(), 'emend-bench-'));
await chmod(dir, 0o755); // as root, PostgreSQL runs under another account, which must be able to enter
const database = await startEmbedded(dir);
try {
  await migrate(database.url);
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => undefined); // the query that it breaks says so itself
  await client.connect();
  console.info(`Making ${IMAGES} labelled and predicted images, ${OBJECTS} labels each`);
  await fill(client);
  const db = await connect(database.url);
  const [began, before] = [performance.now(), process.cpuUsage()];
  const looked = await refreshAll(db, 'p', { id: 'bench', signal: new AbortController().signal, progress: () => undefined });
  const { user, system } = process.cpuUsage(before);
  console.info(`${looked} images compared in ${((performance.now() - began) / 1000).toFixed(1)} s (processor time of this process ${((user + system) / 1e6).toFixed(1)} s), ${await db.finding.count()} findings`);
  await client.query('VACUUM ANALYZE');
  const scene = await refreshSome(db, 'p');
  const deep = (await listFindings(db, scene, { limit: 200 })).next;
  await clock('what has changed (before each of the below)', () => refreshSome(db, 'p'));
  await clock('standing and counts', () => readState(db, scene, null));
  await clock('first page of 60', () => listFindings(db, scene, {}));
  await clock('a page further on, of one kind and class', () => listFindings(db, scene, { kind: 'noLabel', class: 1, ...(deep === null ? {} : { after: deep }) }));
  await db.$disconnect();
  await client.end();
} finally {
  await database.stop();
  await rm(dir, { recursive: true, force: true });
}
