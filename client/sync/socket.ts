import { io, type Socket } from 'socket.io-client';
import { onScopeDispose, readonly, ref, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue';
import { Me } from '#core/api/system.ts';
import { EmendError } from '#core/errors.ts';
import { ANOTHER_PERSON, PROTOCOL_VERSION, type ClientToServer, type ProjectEvent, type ServerToClient } from '#core/protocol.ts';
import { get, onUnauthenticated } from '../api.ts';
import { LostAnswer, type AnswerOf, type Transport } from './transport.ts';

export type EmendSocket = Socket<ServerToClient, ClientToServer>;

/** After this long without an answer a message counts as lost, and is sent again after the next join. */
const ANSWER_MS = 15_000;
/** Between two questions whether somebody is signed in again. */
const REFUSED_MS = 4000;

/** Whether the server still takes this page for the person that it works for. `other`: somebody else has signed in in this browser. */
export type Standing = 'in' | 'out' | 'other';

/** One connection per tab, with who watches which project. */
class Connection {
  readonly socket: EmendSocket;
  readonly online = ref(false);
  readonly standing = ref<Standing>('in');
  readonly #watched = new Map<string, number>();
  #person: string | null;
  #asking: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(person: string | null) {
    this.#person = person;
    this.socket = io({
      transports: ['websocket', 'polling'], reconnectionDelay: 300, reconnectionDelayMax: 4000, withCredentials: true, autoConnect: person !== null,
      // The cookie may be somebody else's by now: then the server refuses, and nothing goes out under another name.
      auth: (tell) => tell(this.#person === null ? {} : { person: this.#person }),
    });
    this.socket.on('connect', () => {
      this.online.value = true;
      this.standing.value = 'in';
      for (const project of this.#watched.keys()) this.#tell('project:watch', project);
    });
    this.socket.on('disconnect', () => (this.online.value = false));
    this.socket.on('connect_error', (error) => {
      if (error.message === ANOTHER_PERSON) this.#stand('other');
      else void this.ask();
    });
  }

  /** Who uses this page; null = nobody (any more). */
  speakFor(person: string | null): void {
    if (person === this.#person && this.standing.value === 'in' && this.socket.active) return;
    this.#person = person;
    this.standing.value = 'in';
    clearTimeout(this.#timer);
    this.socket.disconnect();
    if (person !== null) this.socket.connect();
  }

  /** Something was refused: is it because nobody, or somebody else, is signed in? A page learns that only by a request of its own. */
  ask(): Promise<void> {
    if (this.#person === null) return Promise.resolve();
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #ask(): Promise<void> {
    const { socket } = this;
    try {
      const me = await get(Me, '/me');
      if (me.id !== this.#person) return this.#stand('other');
      this.standing.value = 'in';
      if (!socket.active) socket.connect();
    } catch (error) {
      if (error instanceof EmendError && error.code === 'unauthenticated') this.#stand('out');
      else this.#askAgain();
    }
  }

  /** Nobody may go on here; when the person has signed in again, in another tab perhaps, the page goes on by itself. */
  #stand(standing: Standing): void {
    this.standing.value = standing;
    this.socket.disconnect();
    this.#askAgain();
  }

  #askAgain(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.ask(), REFUSED_MS);
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
let speaker: string | null = null;

function connect(): Connection {
  connection ??= new Connection(speaker);
  return connection;
}

/** Who uses this page; null = nobody. The connection is theirs, and is made anew when it is another. */
export function speakFor(person: string | null): void {
  speaker = person;
  connection?.speakFor(person);
}

/** A request was refused because nobody is signed in. */
onUnauthenticated(() => void connection?.ask());

/** Whether the server still takes this page for its person. */
export function useStanding(): Readonly<Ref<Standing>> {
  return readonly(connect().standing);
}

/** True while this tab is connected. */
export function useOnline(): Readonly<Ref<boolean>> {
  return readonly(connect().online);
}

/** After signing in: the handshake carries the session, so a new one is needed. */
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
