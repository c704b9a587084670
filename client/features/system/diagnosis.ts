import type { SystemDto } from '#core/api/system.ts';
import { bytes, duration } from '../../ui/words.ts';

/** The whole page as plain text for a bug report: no names of people or projects, no paths, no secrets. */
export function diagnosis(system: SystemDto, browser: string): string {
  const { inference: i, trainer: t, database: d } = system;
  return [
    `Emend ${system.version}, Node ${system.node}, up ${duration(system.uptimeSeconds)}`,
    `Database: ${d.kind}, PostgreSQL ${d.version}, ${bytes(d.bytes)}, ${d.migrations} migrations`,
    `Disk: data ${bytes(system.disk.dataBytes)}, free ${bytes(system.disk.freeBytes)}`,
    `Inference: ${i.provider}, ${i.threads} threads, ${i.running} running, ${i.queued} queued`,
    ...i.tried.map((p) => `  ${p.provider}: ${p.ok ? 'used' : 'not used'}, ${p.reason}`),
    `Embeddings: ${i.embeddings.entries} in memory, ${bytes(i.embeddings.bytes)}, ${i.embeddings.disk.entries} on disk, ${bytes(i.embeddings.disk.bytes)}, ${i.embeddings.hits} hits, ${i.embeddings.misses} misses`,
    ...system.segmenters.map((s) => `Segmenter ${s.name} (${s.family}): ${s.state ?? 'absent'}${s.inUse ? ', in use' : ''}${s.chosen ? ', chosen' : ''}${s.problem === null ? '' : `, ${s.problem}`}`),
    `Trainer: ${t.ready ? 'ready' : 'not ready'}, Python ${t.python ?? '–'}, Ultralytics ${t.ultralytics ?? '–'}, PyTorch ${t.torch ?? '–'}, device ${t.device ?? '–'}. ${t.message}`,
    ...system.queues.map((q) => `Queue ${q.name}: ${q.queued} queued, ${q.active} active, ${q.failed} failed`),
    `Browser: ${browser}`,
  ].join('\n');
}
