import { describe } from 'vitest';
import { testApp } from '../testing/harness.ts';
import { PrismaRoomStore } from './prismaRoomStore.ts';
import { acceptsRoomStore } from './roomStore.suite.ts';

const t = await testApp();

describe('the PostgreSQL store', () => {
  acceptsRoomStore(async () => {
    const project = await t.project();
    return {
      store: new PrismaRoomStore(t.db), userId: 'ann',
      task: async () => (await t.task(project)).id,
      seal: async (id, sealed) => { await t.db.task.update({ where: { id }, data: { state: sealed ? 'submitted' : 'assigned' } }); },
    };
  });
});
