import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import * as Y from 'yjs';
import * as ops from '#core/annotation/doc.ts';
import { newId } from '#core/ids.ts';
import { PROTOCOL_VERSION, type ClientToServer, type ServerToClient } from '#core/protocol.ts';
import type { Person, Stage } from '../../e2e/live/stage.ts';

/** Rooms that one connection may have open. */
const A_SOCKET = 50;

/** Resident memory of a process, in MiB. */
export async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** KiB that each further room with `boxes` boxes costs the server: all tasks opened at once, after as many were filled. */
export async function memoryPerRoom({ emend, origin, people, tasks }: Stage, boxes: number): Promise<number> {
  const sockets = people.slice(0, Math.ceil(tasks.length / A_SOCKET)).map((person) => connect(origin, person));
  const open = async (task: string, i: number, fill: boolean): Promise<void> => {
    const socket = sockets[Math.floor(i / A_SOCKET)];
    if (!socket) return;
    await socket.emitWithAck('room:join', { task, protocol: PROTOCOL_VERSION, client: newId(), stateVector: Y.encodeStateVector(new Y.Doc()) });
    if (fill) await socket.emitWithAck('room:update', { task, update: filled(boxes) });
    if (fill) await socket.emitWithAck('room:leave', { task });
  };
  for (const [i, task] of tasks.entries()) await open(task, i, true);
  await sleep(14_000); // rooms linger for 10 s
  const before = await memoryOf(emend.pid());
  for (const [i, task] of tasks.entries()) await open(task, i, false);
  await sleep(1000);
  const after = await memoryOf(emend.pid());
  for (const socket of sockets) socket.close();
  return ((after - before) * 1024) / tasks.length;
}

function connect(origin: string, { cookie }: Person): Socket<ServerToClient, ClientToServer> {
  return io(origin, { transports: ['websocket'], extraHeaders: { cookie, origin }, forceNew: true });
}

function filled(boxes: number): Uint8Array {
  const doc = new Y.Doc();
  const act: ops.Act = { origin: { kind: 'person', user: 'bench', client: 'bench' }, user: 'bench', now: Date.now() };
  for (let i = 0; i < boxes; i++) ops.drawBox(doc, act, { predictions: [], threshold: 0 }, newId(), [i, i, 20, 20], 0);
  return Y.encodeStateAsUpdate(doc);
}
