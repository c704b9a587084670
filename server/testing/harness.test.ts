import { expect, it } from 'vitest';
import { testApp } from './harness.ts';

const t = await testApp();

it('serves the real app: people, projects, sockets', async () => {
  expect((await fetch(`${t.url}/api/v1/health`)).status).toBe(200);
  const admin = await t.person({ admin: true });
  const made = await admin.post('/projects', { name: 'X-rays', task: 'segment', classes: ['Chip', 'Void'] });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  expect(made.body.classes.map((c: { key: string }) => c.key)).toEqual(['1', '2']);
  const ann = await t.person({ project: made.body.id, role: 'annotator' });
  expect((await ann.get('/me')).body).toMatchObject({ id: ann.id, admin: false, hasPassword: false });
  expect((await ann.get('/projects')).body).toMatchObject([{ id: made.body.id, role: 'annotator' }]);
  expect((await ann.patch(`/projects/${made.body.id}`, { name: 'mine' })).status).toBe(403);
  const socket = await ann.socket();
  const online = new Promise((resolve) => socket.on('project:event', ({ event }) => { if (event.type === 'online') resolve(event.people); }));
  expect(await socket.emitWithAck('project:watch', { project: made.body.id, protocol: 1 })).toEqual({ ok: true });
  expect(await online).toEqual([{ id: ann.id, name: ann.name }]);
  socket.close();
});
