import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newId } from '#core/ids.ts';
import { testApp } from '../../testing/harness.ts';
import { EXPORT_DAYS, sweepExports } from './sweep.ts';

const t = await testApp();
const DAY = 86_400_000;

it('old exports and halves go; new ones, and what is being written, stay; whose link is old is told so', async () => {
  const project = await t.project();
  const person = await t.person({ project: project.id, role: 'reviewer' });
  const job = async (state: string) => (await t.db.job.create({ data: { id: newId(), projectId: project.id, kind: 'export', state, createdById: person.id } })).id;
  const [fresh, old, writing, killed] = [await job('done'), await job('done'), await job('running'), await job('failed')];
  const dir = join(t.dataDir, 'exports');
  await mkdir(dir, { recursive: true });
  for (const name of [`${fresh}.zip`, `${old}.zip`, `${writing}.zip.part`, `${killed}.zip.part`, 'notes.txt']) await writeFile(join(dir, name), 'zip');
  const then = new Date(Date.now() - (EXPORT_DAYS + 1) * DAY);
  for (const name of [`${old}.zip`, `${writing}.zip.part`, 'notes.txt']) await utimes(join(dir, name), then, then);

  expect(await sweepExports(t.db, t.dataDir, Date.now())).toBe(2);
  expect((await readdir(dir)).toSorted()).toEqual([`${fresh}.zip`, `${writing}.zip.part`, 'notes.txt'].toSorted());
  expect((await person.get(`/jobs/${fresh}/file`)).status).toBe(200);
  const gone = await person.get(`/jobs/${old}/file`);
  expect([gone.status, gone.body.message]).toEqual([404, expect.stringContaining('Export again')]);
  // What a colleague exported may hold what a blind pair must not see of each other.
  const annotator = await t.person({ project: project.id, role: 'annotator' });
  expect((await annotator.get(`/jobs/${fresh}/file`)).status).toBe(404);
});
