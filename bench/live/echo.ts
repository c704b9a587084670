/** A bare Socket.IO server that passes everything on and acknowledges at once: what the transport costs without rooms, checks and a database. */
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import * as Y from 'yjs';

const http = createServer();
const io = new Server(http, { serveClient: false, transports: ['websocket'] });
const nothing = { update: Y.encodeStateAsUpdate(new Y.Doc()), stateVector: Y.encodeStateVector(new Y.Doc()), readOnly: false };

io.on('connection', (socket) => {
  socket.on('room:join', async ({ task }: { task: string }, answer: (value: object) => void) => {
    await socket.join(task);
    answer({ ok: true, ...nothing });
  });
  socket.on('room:update', (message: { task: string; update: Uint8Array }, answer: (value: object) => void) => {
    socket.to(message.task).emit('room:update', message);
    answer({ ok: true, seq: 0 });
  });
});
http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  if (address !== null && typeof address === 'object') process.send?.(address.port);
});
