import { SystemDto } from '#core/api/system.ts';
import { ConfigError, readConfig } from '../../config.ts';
import { findPython } from '../../features/training/index.ts';
import { CliError, table, type Call, type Command } from '../command.ts';

type Check = { what: string; ok: boolean; words: string };

export const doctor: Command = {
  name: 'doctor', usage: '', summary: 'Look whether everything that Emend needs is there', options: {}, help: [],
  async run(call) {
    const checks = [node(), config(call), await python(), ...(await server(call))];
    const lines = table(checks.map(({ what, ok, words }) => [ok ? 'ok' : '!!', what, words]));
    if (checks.some((c) => !c.ok)) {
      for (const line of lines) call.note(line);
      throw new CliError('Something is missing: see the lines with !!.');
    }
    return { json: checks, lines };
  },
};

function node(): Check {
  return { what: 'Node', ok: Number(process.versions.node.split('.')[0]) >= 24, words: process.versions.node };
}

function config({ env, home }: Call): Check {
  try {
    const { dataDir } = readConfig({ ...env, EMEND_URL: undefined }, home);
    return { what: 'Settings', ok: true, words: `data in ${dataDir}` };
  } catch (error) {
    if (error instanceof ConfigError) return { what: 'Settings', ok: false, words: error.message };
    throw error;
  }
}

async function python(): Promise<Check> {
  const found = await findPython();
  return { what: 'Python', ok: found !== undefined, words: found ? found.version : 'training needs Python 3.10 or newer; all else works without' };
}

async function server({ api }: Call): Promise<Check[]> {
  try {
    const system = await api().get(SystemDto, '/system');
    const { database, disk, inference, segmenters, trainer } = system;
    return [
      { what: 'Server', ok: true, words: `${system.version} at ${api().url}, up ${Math.round(system.uptimeSeconds / 60)} min` },
      { what: 'Database', ok: true, words: `PostgreSQL ${database.version} (${database.kind}), ${megabytes(database.bytes)}, ${database.migrations} migrations` },
      { what: 'Disk', ok: disk.freeBytes > 2e9, words: `${megabytes(disk.dataBytes)} of data, ${megabytes(disk.freeBytes)} free` },
      { what: 'Inference', ok: true, words: `${inference.provider}, ${inference.threads} threads${inference.tried.map((p) => `; ${p.provider}: ${p.reason}`).join('')}` },
      { what: 'Embeddings', ok: true, words: `${inference.embeddings.entries} in memory, ${inference.embeddings.disk.entries} on disk; ${hitRate(inference.embeddings)}` },
      { what: 'Masks', ok: segmenters.some((s) => s.inUse), words: segmenters.find((s) => s.inUse)?.name ?? 'no model that makes masks' },
      ...segmenters.filter((s) => s.state === 'refused').map((s) => ({ what: `Masks by ${s.name}`, ok: false, words: s.problem ?? 'refused' })),
      { what: 'Trainer', ok: true, words: trainer.message },
      ...system.queues.map((q) => ({ what: `Jobs: ${q.name}`, ok: true, words: `${q.queued} waiting, ${q.active} running, ${q.failed} failed in the last week` })),
    ];
  } catch (error) {
    if (error instanceof CliError) return [{ what: 'Server', ok: false, words: error.message }];
    throw error;
  }
}

function hitRate({ hits, misses }: SystemDto['inference']['embeddings']): string {
  return hits + misses === 0 ? 'no mask was asked for yet' : `${Math.round((100 * hits) / (hits + misses))} % of ${hits + misses} prompts found theirs`;
}

function megabytes(bytes: number): string {
  return bytes > 2e9 ? `${(bytes / 2 ** 30).toFixed(1)} GB` : `${(bytes / 2 ** 20).toFixed(0)} MB`;
}
