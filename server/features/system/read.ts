import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import type { SystemDto } from '#core/api/system.ts';
import type { InferenceStatus } from '#inference';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { listSegmenters } from '../segmentation/index.ts';
import { trainerStatus } from '../training/index.ts';
import { toDto } from '../../plugins/jobs/row.ts';
import { diskUse } from './disk.ts';

/** Everything that the System page and `emend doctor` show. Measured now, but for the size of the data directory (at most a minute old). */
export async function readSystem(app: FastifyInstance): Promise<SystemDto> {
  const [version, database, disk, segmenters, trainer, queues, jobs] = await Promise.all([
    packageVersion(), readDatabase(app), diskUse(app.config.dataDir), listSegmenters(app.inference, app.config.modelsManifest), trainerStatus(app.config.dataDir), readQueues(app), readJobs(app),
  ]);
  return { version, node: process.versions.node, uptimeSeconds: process.uptime(), database, disk, inference: describe(app.inference.status()), segmenters, jobs, trainer, queues };
}

async function packageVersion(): Promise<string> {
  const text = await readFile(new URL('../../../package.json', import.meta.url), 'utf8');
  return Value.Parse(Type.Object({ version: Type.String() }), JSON.parse(text)).version;
}

async function readDatabase({ db, config }: FastifyInstance): Promise<SystemDto['database']> {
  const [row] = await db.$queryRaw<{ version: string; bytes: bigint; migrations: bigint }[]>`
    SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS bytes,
      (SELECT count(*) FROM "_prisma_migrations" WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL) AS migrations`;
  return { kind: config.databaseUrl === undefined ? 'embedded' : 'external', version: row?.version ?? '', bytes: Number(row?.bytes ?? 0), migrations: Number(row?.migrations ?? 0) };
}

/** The newest of each kind and subject among the last fifty. */
async function readJobs({ db }: FastifyInstance): Promise<SystemDto['jobs']> {
  const rows = (await db.job.findMany({ where: { projectId: null }, orderBy: { createdAt: 'desc' }, take: 50 })).map(toDto);
  const seen = new Set<string>();
  return rows.filter(({ kind, subjectId }) => {
    const key = `${kind} ${subjectId ?? ''}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** One row per kind of job that there ever was; `failed` counts those of the last seven days. */
async function readQueues({ db }: FastifyInstance): Promise<SystemDto['queues']> {
  const rows = await db.$queryRaw<{ name: string; queued: bigint; active: bigint; failed: bigint }[]>`
    SELECT kind AS name, count(*) FILTER (WHERE state = 'queued') AS queued, count(*) FILTER (WHERE state = 'running') AS active,
      count(*) FILTER (WHERE state = 'failed' AND "endedAt" > now() - interval '7 days') AS failed
    FROM "Job" GROUP BY kind ORDER BY kind`;
  return rows.map((row) => ({ name: row.name, queued: Number(row.queued), active: Number(row.active), failed: Number(row.failed) }));
}

function describe(status: InferenceStatus): SystemDto['inference'] {
  const sum = (of: 'threads' | 'queued' | 'running'): number => status.lanes.reduce((total, lane) => total + lane[of], 0);
  return {
    provider: status.provider ?? 'not started', tried: status.tried.map(({ provider, ok, reason }) => ({ provider, ok, reason })),
    threads: sum('threads'), queued: sum('queued'), running: sum('running'), embeddings: { ...status.embeddings },
  };
}
