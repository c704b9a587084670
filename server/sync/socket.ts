/** The socket: handshake, validation and permission of every event. What rooms do with them, they do without knowing of sockets. */
import type { IncomingMessage } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { Value } from 'typebox/value';
import type { FastifyInstance } from 'fastify';
import { EmendError, type Problem } from '#core/errors.ts';
import { ANOTHER_PERSON, CLIENT_EVENTS, MAX_EVENT_BYTES, PROTOCOL_VERSION, type ClientEventName, type ClientToServer, type ServerToClient } from '#core/protocol.ts';
import { EVENTS } from '../access.ts';
import type { Person, Proof, Visitor } from '../context.ts';
import { permit, type Permit } from '../permit.ts';
import { unexpected } from '../plugins/errors.ts';
import type { Turns } from './turns.ts';

export interface SocketData {
  person: Person;
  /** What the person was known by at the handshake: the connection ends with it (proofs.ts). */
  proof: Proof;
  /** Decisions of the last seconds, so that a stroke of edits does not ask the database for each. */
  permits: Map<string, { permit: Permit; until: number }>;
}

/** So long may somebody who has just lost a role go on. */
const PERMIT_MS = 3000;
export type EmendServer = Server<ClientToServer, ServerToClient, Record<string, never>, SocketData>;
export type EmendSocket = Socket<ClientToServer, ServerToClient, Record<string, never>, SocketData>;

/**
 * Attaches Socket.IO to the app's HTTP server. The Origin must be exactly one of ours; a client that sends none is no browser page, and must
 * bring a bearer token. The person is decided once, at the handshake, by the same code as for requests. A page says for whom it works (`auth.person`):
 * when somebody else has signed in meanwhile, in another tab, it is refused, so that nobody's edits go out under another name.
 */
export function attachSocket(app: FastifyInstance, turns: Turns): EmendServer {
  const visitors = new WeakMap<IncomingMessage, Visitor>();
  const io: EmendServer = new Server(app.server, {
    serveClient: false,
    // Room for one event of the largest size with its frame; engine.io refuses more before parsing it.
    maxHttpBufferSize: MAX_EVENT_BYTES + 1024,
    transports: ['websocket', 'polling'],
    pingInterval: 20_000, pingTimeout: 20_000,
    allowRequest(request, decide) {
      const { origin, authorization } = request.headers;
      const bearer = authorization?.startsWith('Bearer ') === true;
      if (!(origin === undefined ? bearer : app.allowsOrigin(origin))) return decide(null, false);
      // Before anything is set up for the connection, and one by one, so that strangers cost little.
      turns.add(io, () => {
        app.whoIs(request.headers).then((visitor) => {
          if (visitor) visitors.set(request, visitor);
          decide(null, visitor !== null);
        }, (error: unknown) => {
          app.log.error({ err: error }, 'a handshake failed');
          decide(null, false);
        });
      });
    },
  });
  io.use((socket, next) => {
    const visitor = visitors.get(socket.request);
    if (!visitor) return next(new Error('unauthenticated'));
    const expected: unknown = socket.handshake.auth['person'];
    if (expected !== undefined && expected !== visitor.person.id) return next(new Error(ANOTHER_PERSON));
    socket.data.person = visitor.person;
    socket.data.proof = visitor.proof;
    socket.data.permits = new Map();
    next();
  });
  return io;
}

/** Validates and permits one incoming event; answers with its message. */
export async function admit<Name extends ClientEventName>(app: FastifyInstance, socket: EmendSocket, name: Name, message: unknown): Promise<{ permit: Permit; message: Parameters<ClientToServer[Name]>[0] }> {
  if (!isMessage(name, message)) {
    const first = Value.Errors(CLIENT_EVENTS[name], message)[0];
    throw new EmendError('invalid', `The event ${name} was refused: ${first?.instancePath ?? ''} ${first?.message ?? 'is not valid'}.`);
  }
  if ('protocol' in message && message.protocol !== PROTOCOL_VERSION) {
    throw new EmendError('protocol_version', 'This page is of another version than the server. Reload the page; unsent work is kept in this browser.');
  }
  return { permit: await decide(app, socket.data, name, scopeId(message)), message };
}

async function decide(app: FastifyInstance, { person, permits }: SocketData, name: ClientEventName, id: string): Promise<Permit> {
  const key = `${name} ${id}`;
  const known = permits.get(key);
  if (known && known.until > Date.now()) return known.permit;
  const decided = await permit(app.db, EVENTS[name], person, id);
  if (permits.size > 500) permits.clear();
  permits.set(key, { permit: decided, until: Date.now() + PERMIT_MS });
  return decided;
}

function scopeId(message: object): string {
  const id = 'task' in message ? message.task : 'project' in message ? message.project : '';
  return typeof id === 'string' ? id : '';
}

function isMessage<Name extends ClientEventName>(name: Name, message: unknown): message is Parameters<ClientToServer[Name]>[0] {
  return Value.Check(CLIENT_EVENTS[name], message);
}

/** Anything thrown, as the Problem of an answer. */
export function problemOf(app: FastifyInstance, error: unknown): Problem {
  if (error instanceof EmendError) return error.toProblem();
  return unexpected(error, (reference) => { app.log.error({ err: error, reference }, 'a socket event failed'); });
}
