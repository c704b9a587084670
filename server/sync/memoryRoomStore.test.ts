import { describe } from 'vitest';
import { newId } from '#core/ids.ts';
import { MemoryRoomStore } from './memoryRoomStore.ts';
import { acceptsRoomStore } from './roomStore.suite.ts';

describe('the memory store', () => {
  acceptsRoomStore(async () => {
    const id = newId();
    const store = new MemoryRoomStore([id]);
    return { store, userId: 'ann', task: async () => id, seal: async (task, sealed) => { store.seal(task, sealed); } };
  });
});
