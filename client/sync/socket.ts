import { io, type Socket } from 'socket.io-client';
import { onScopeDispose, readonly, ref, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue';
import { PROTOCOL_VERSION, type ClientToServer, type ProjectEvent, type ServerToClient } from '#core/protocol.ts';
import { LostAnswer, type AnswerOf, type Transport } from './transport.ts';

export type EmendSocket = Socket<ServerToClient, ClientToServer>;

/** After this long without an answer a message counts as lost, and is sent again after the next join. */
const ANSWER_MS = 15_000;
const REFUSED_MS = 4000;

/** One connection per tab, with who watches which project. */
class Connection {
  readonly socket: EmendSocket = io({ transports: ['websocket', 'polling'], reconnectionDelay: 300, reconnectionDelayMax: 4000, withCredentials: true });
  readonly online = ref(this.socket.connected);
  readonly #watched = new Map<string, number>();

  constructor() {
    this.socket.on('connect', () => {
      this.online.value = true;
      for (const project of this.#watched.keys()) this.#tell('project:watch', project);
    });
    this.socket.on('disconnect', () => (this.online.value = false));
    // A handshake that the server itself refused (signed out, database away) is not tried again by Socket.IO.
    this.socket.on('connect_error', () => {
      if (!this.socket.active) setTimeout(() => this.socket.connect(), REFUSED_MS);
    });
  }

  /** Watches are counted: the last one that ends tells the server. */
  watch(project: string): () => void {
    const count = this.#watched.get(project) ?? 0;
    this.#watched.set(project, count + 1);
    if (count === 0 && this.socket.connected) this.#tell('project:watch', project);
    return () => this.#unwatch(project);
  }

  #unwatch(project: string): void {
    const count = (this.#watched.get(project) ?? 1) - 1;
    if (count > 0) {
      this.#watched.set(project, count);
      return;
    }
    this.#watched.delete(project);
    if (this.socket.connected) this.#tell('project:unwatch', project);
  }

  #tell(name: 'project:watch' | 'project:unwatch', project: string): void {
    // A refusal means no access: the screen learns that from its own requests, in words.
    if (name === 'project:watch') this.socket.emit(name, { project, protocol: PROTOCOL_VERSION }, () => undefined);
    else this.socket.emit(name, { project }, () => undefined);
  }
}

let connection: Connection | undefined;

function connect(): Connection {
  connection ??= new Connection();
  return connection;
}

/** True while this tab is connected. */
export function useOnline(): Readonly<Ref<boolean>> {
  return readonly(connect().online);
}

/** After signing in or out: the handshake carries the session, so a new one is needed. */
export function reconnect(): void {
  connection?.socket.disconnect().connect();
}

/**
 * Hears what happens in a project for as long as the component lives; watches again after every reconnect. `missed` is called then,
 * since events of the time between are gone: fetch anew what is shown.
 */
export function useProjectEvents(project: MaybeRefOrGetter<string | null | undefined>, handler: (event: ProjectEvent) => void, missed?: () => void): void {
  const { socket } = connect();
  let end: (() => void) | undefined;
  let wasOffline = false;
  const onEvent: ServerToClient['project:event'] = (message) => {
    if (message.project === toValue(project)) handler(message.event);
  };
  const onDisconnect = (): void => void (wasOffline = true);
  const onConnect = (): void => {
    if (wasOffline) missed?.();
    wasOffline = false;
  };
  socket.on('project:event', onEvent).on('connect', onConnect).on('disconnect', onDisconnect);
  watch(() => toValue(project), (id) => {
    end?.();
    end = id ? connect().watch(id) : undefined;
  }, { immediate: true });
  onScopeDispose(() => {
    end?.();
    socket.off('project:event', onEvent).off('connect', onConnect).off('disconnect', onDisconnect);
  });
}

/** Follows who works on what in a project, for as long as the component lives; anew after every reconnect, `restarted` first. */
export function useTeamLive(project: string, handler: (message: Parameters<ServerToClient['team:live']>[0]) => void, restarted: () => void): void {
  const { socket } = connect();
  const onLive: ServerToClient['team:live'] = (message) => {
    if (message.project === project) handler(message);
  };
  const onConnect = (): void => {
    restarted();
    socket.emit('team:watch', { project, protocol: PROTOCOL_VERSION }, () => undefined);
  };
  socket.on('team:live', onLive).on('connect', onConnect);
  if (socket.connected) onConnect();
  onScopeDispose(() => {
    socket.off('team:live', onLive).off('connect', onConnect);
    if (socket.connected) socket.emit('team:unwatch', { project }, () => undefined);
  });
}

/** The shared connection as rooms see it. */
export function socketTransport(): Transport {
  const { socket } = connect();
  return {
    get connected() {
      return socket.connected;
    },
    async ask(name, message) {
      if (!socket.connected) throw new LostAnswer('not connected');
      try {
        // Socket.IO's types cannot follow an event name that is itself a type parameter.
        const answer: unknown = await Reflect.apply(emitWithAck, socket, [name, message]);
        return withBytes(answer) as AnswerOf<typeof name>;
      } catch {
        throw new LostAnswer('no answer');
      }
    },
    tell(message) {
      if (socket.connected) socket.emit('room:presence', message);
    },
    on(name, listener) {
      const heard = (message: unknown): void => void Reflect.apply(listener, undefined, [withBytes(message)]);
      Reflect.apply(socket.on, socket, [name, heard]);
      return () => void Reflect.apply(socket.off, socket, [name, heard]);
    },
    onConnection(listener) {
      const up = (): void => listener(true);
      const down = (): void => listener(false);
      socket.on('connect', up).on('disconnect', down);
      return () => void socket.off('connect', up).off('disconnect', down);
    },
  };
}

async function emitWithAck(this: EmendSocket, name: string, message: unknown): Promise<unknown> {
  const timed = this.timeout(ANSWER_MS);
  const answer: unknown = await Reflect.apply(timed.emitWithAck, timed, [name, message]);
  return answer;
}

/** In the browser Socket.IO hands binary fields over as ArrayBuffer; the protocol says Uint8Array. */
function withBytes(message: unknown): unknown {
  if (typeof message !== 'object' || message === null) return message;
  return Object.fromEntries(Object.entries(message).map(([key, value]: [string, unknown]) => [key, value instanceof ArrayBuffer ? new Uint8Array(value) : value]));
}
