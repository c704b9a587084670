/**
 * The only description of what goes over the socket, both directions. Binary fields are Uint8Array (Socket.IO sends them as attachments).
 * A client that speaks another version is refused with `protocol_version` and asked to reload.
 */
import { Type, type Static } from 'typebox';
import { Id } from './annotation/schema.ts';
import { JobDto } from './api/job.ts';
import { EpochPoint, GateResult, LogLine, RunProgress, RunState } from './api/run.ts';
import type { LiveTask } from './api/team.ts';
import type { Problem } from './errors.ts';

export const PROTOCOL_VERSION = 1;
/** Bytes of one event; larger ones are refused by engine.io before they are parsed. */
export const MAX_EVENT_BYTES = 256 * 1024;
/** Bytes of one piece of an update that is larger than one event, and of all its pieces together. */
export const PART_BYTES = 192 * 1024;
export const MAX_UPDATE_BYTES = 8 * 1024 * 1024;
/** Outgoing updates are merged and sent at this interval. */
export const BATCH_MS = 24;

/** Why a handshake is refused whose page works for somebody else than the session is of. */
export const ANOTHER_PERSON = 'another_person';

// ── client → server (validated at the edge; every answer is an acknowledgement) ─────────────────────
const Bytes = Type.Refine(
  Type.Unsafe<Uint8Array>({}),
  (value) => value instanceof Uint8Array && value.byteLength <= MAX_EVENT_BYTES,
  () => `must be at most ${MAX_EVENT_BYTES} bytes`,
);
const strict = { additionalProperties: false } as const;

export const RoomJoin = Type.Object({ task: Id, protocol: Type.Integer(), client: Id, stateVector: Bytes }, strict);
export const RoomLeave = Type.Object({ task: Id }, strict);
/** One Yjs V1 update. Acknowledged after COMMIT: the acknowledgement is the meaning of "saved". */
export const RoomUpdate = Type.Object({ task: Id, update: Bytes }, strict);
/**
 * One piece of an update that is too large for one event (long work without a connection). Pieces come in order from 0; each is acknowledged as
 * received, the last one after COMMIT of the whole. Whole, since a part of an update would not be a valid document.
 */
export const RoomPart = Type.Object({ task: Id, part: Bytes, index: Type.Integer({ minimum: 0, maximum: 63 }), last: Type.Boolean() }, strict);
/** One y-protocols awareness update. Not stored, not acknowledged. */
export const RoomPresence = Type.Object({ task: Id, update: Bytes }, strict);
/** Ask for a mask again (or with clicks); the answer is written into the room. */
export const RoomSegment = Type.Object({ task: Id, annotation: Id }, strict);
export const ProjectWatch = Type.Object({ project: Id, protocol: Type.Integer() }, strict);
export const ProjectUnwatch = Type.Object({ project: Id }, strict);

/** Follow who works on what, as small live pictures; the present state comes at once as team:live. */
export const TeamWatch = Type.Object({ project: Id, protocol: Type.Integer() }, strict);
export const TeamUnwatch = Type.Object({ project: Id }, strict);

export const CLIENT_EVENTS = {
  'room:join': RoomJoin,
  'room:leave': RoomLeave,
  'room:update': RoomUpdate,
  'room:part': RoomPart,
  'room:presence': RoomPresence,
  'room:segment': RoomSegment,
  'project:watch': ProjectWatch,
  'project:unwatch': ProjectUnwatch,
  'team:watch': TeamWatch,
  'team:unwatch': TeamUnwatch,
} as const;
export type ClientEventName = keyof typeof CLIENT_EVENTS;

export type Answer<T> = ({ ok: true } & T) | { ok: false; problem: Problem };
export interface Joined {
  /** Everything that the client lacks (V1 update against its state vector). */
  update: Uint8Array;
  /** The server's state vector: the client answers with what the server lacks as a room:update. */
  stateVector: Uint8Array;
  readOnly: boolean;
}
export interface ClientToServer {
  'room:join': (message: Static<typeof RoomJoin>, answer: (a: Answer<Joined>) => void) => void;
  'room:leave': (message: Static<typeof RoomLeave>, answer: (a: Answer<object>) => void) => void;
  'room:update': (message: Static<typeof RoomUpdate>, answer: (a: Answer<{ seq: number }>) => void) => void;
  'room:part': (message: Static<typeof RoomPart>, answer: (a: Answer<{ seq: number | null }>) => void) => void;
  'room:presence': (message: Static<typeof RoomPresence>) => void;
  'room:segment': (message: Static<typeof RoomSegment>, answer: (a: Answer<object>) => void) => void;
  'project:watch': (message: Static<typeof ProjectWatch>, answer: (a: Answer<object>) => void) => void;
  'project:unwatch': (message: Static<typeof ProjectUnwatch>, answer: (a: Answer<object>) => void) => void;
  'team:watch': (message: Static<typeof TeamWatch>, answer: (a: Answer<object>) => void) => void;
  'team:unwatch': (message: Static<typeof TeamUnwatch>, answer: (a: Answer<object>) => void) => void;
}

// ── server → client ──────────────────────────────────────────────────────────────────────────────
/** What happens in a project, for everybody who watches it. The client refetches or patches; nothing needs a reload. */
export const ProjectEvent = Type.Union([
  Type.Object({ type: Type.Literal('job'), job: JobDto }),
  /** Counters of the loop bar changed. */
  Type.Object({ type: Type.Literal('loop') }),
  Type.Object({ type: Type.Literal('task'), task: Id, image: Id, state: Type.String(), by: Type.Union([Id, Type.Null()]) }),
  /** Something was queued for review, decided or taken out again; state null = nobody asks any more. */
  Type.Object({ type: Type.Literal('review'), task: Id, state: Type.Union([Type.Literal('queued'), Type.Literal('accepted'), Type.Literal('returned'), Type.Null()]), by: Type.Union([Id, Type.Null()]) }),
  Type.Object({ type: Type.Literal('images') }),
  Type.Object({ type: Type.Literal('project') }),
  Type.Object({ type: Type.Literal('version'), id: Id }),
  Type.Object({ type: Type.Literal('model'), id: Id, promoted: Type.Boolean() }),
  Type.Object({ type: Type.Literal('run'), id: Id, state: RunState, progress: RunProgress, gate: Type.Union([GateResult, Type.Null()]), error: Type.Union([Type.String(), Type.Null()]) }),
  Type.Object({ type: Type.Literal('epoch'), run: Id, point: EpochPoint }),
  Type.Object({ type: Type.Literal('log'), run: Id, lines: Type.Array(LogLine) }),
  Type.Object({ type: Type.Literal('activity') }),
  /** What the second look lists has changed. */
  Type.Object({ type: Type.Literal('findings') }),
  Type.Object({ type: Type.Literal('online'), people: Type.Array(Type.Object({ id: Id, name: Type.String() })) }),
]);
export type ProjectEvent = Static<typeof ProjectEvent>;

export interface ServerToClient {
  'room:update': (message: { task: string; update: Uint8Array }) => void;
  'room:presence': (message: { task: string; update: Uint8Array }) => void;
  /** The room is gone for this client (submitted elsewhere, access lost, server stops): what happened and what to do. */
  'room:closed': (message: { task: string; problem: Problem }) => void;
  /** A mask is being made, or could not be made, for an annotation. */
  'room:mask': (message: { task: string; annotation: string; state: 'working' | 'failed' | 'done'; model: string | null; message: string | null }) => void;
  'project:event': (message: { project: string; event: ProjectEvent }) => void;
  /** One image that people have open, for whoever follows the team (at most twice a second); live null = nobody has it open any more. */
  'team:live': (message: { project: string; task: string; now: number; live: LiveTask | null }) => void;
}

/** CSS pixels per image pixel. */
export const MAX_ZOOM = 64;
/** Image pixels, also beside the picture; far beyond any picture. */
const place = Type.Number({ minimum: -1_000_000, maximum: 1_000_000 });
const extent = Type.Number({ minimum: 0, maximum: 1_000_000 });
/** CSS pixels. */
const screenSide = Type.Number({ minimum: 1, maximum: 100_000 });

/** What the awareness state of one client holds. Everything is optional: a state is a hint, never data. */
export const PresenceState = Type.Object({
  user: Type.Object({ id: Id, name: Type.String({ maxLength: 80 }) }),
  cursor: Type.Optional(Type.Tuple([place, place])),
  selection: Type.Optional(Type.Array(Id, { maxItems: 100 })),
  drawing: Type.Optional(Type.Tuple([place, place, extent, extent])),
  tool: Type.Optional(Type.String({ maxLength: 20 })),
  /** [centre x, centre y, zoom in CSS pixels per image pixel] */
  viewport: Type.Optional(Type.Tuple([place, place, Type.Number({ minimum: 1e-5, maximum: MAX_ZOOM })])),
  /** [width, height] of the canvas that the viewport fills, CSS pixels */
  canvas: Type.Optional(Type.Tuple([screenSide, screenSide])),
});
export type PresenceState = Static<typeof PresenceState>;
