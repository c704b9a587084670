/** The demo project: what makes its images. The order to make them comes from the server's start (demoProject.ts). */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fp from 'fastify-plugin';
import { Piscina } from 'piscina';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { JobHandle } from '../context.ts';
import { UploadArea } from '../features/imports/index.ts';
import type { DemoFile } from './demo.worker.ts';
import { dataYaml } from './write.ts';

const JobData = Type.Object({ importId: Type.String(), count: Type.Integer({ minimum: 1 }) });

/**
 * Paints the images into the upload area of the demo's import. What an interrupted run has stored is kept: the next one goes on after it. The description
 * comes last; with it the upload is whole.
 */
async function makeUpload(area: UploadArea, count: number, job: JobHandle): Promise<string> {
  await mkdir(area.dir, { recursive: true });
  const stored = new Set((await area.list()).files.map((file) => file.path));
  const pool = new Piscina<{ index: number; count: number }, DemoFile[]>({ filename: join(import.meta.dirname, 'demo.worker.ts'), minThreads: 1, maxThreads: 1 });
  try {
    for (let index = 0; index < count; index++) {
      job.signal.throwIfAborted();
      job.progress(index, count, 'Making the demo images');
      const files = await pool.run({ index, count });
      for (const { path, bytes } of files) if (!stored.has(path)) await area.index([await area.storeBytes(path, bytes)]);
    }
  } finally {
    await pool.destroy();
  }
  await area.index([await area.storeBytes('data.yaml', dataYaml())]);
  return `${count} demo images made`;
}

export const plugin = fp(async (app) => {
  app.jobs.handle('demo', (data, job) => {
    const { importId, count } = Value.Parse(JobData, data);
    return makeUpload(new UploadArea(app.config.dataDir, importId), count, job);
  });
}, { name: 'demo', dependencies: ['jobs'] });
