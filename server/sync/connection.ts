/** What one connected socket may say, event by event: validated and permitted here, done by rooms and watchers. */
import type { FastifyInstance } from 'fastify';
import { newId } from '#core/ids.ts';
import type { ClientEventName, ClientToServer } from '#core/protocol.ts';
import { EmendError } from '#core/errors.ts';
import { atLeast } from '../access.ts';
import { enterCopy, isBlinded } from '../blind.ts';
import { Parts } from './parts.ts';
import { Bucket } from './rates.ts';
import type { Member } from './room.ts';
import type { Permit } from '../permit.ts';
import { admit, problemOf, type EmendSocket } from './socket.ts';
import type { Turns } from './turns.ts';
import type { Watchers } from './watchers.ts';

/** Rooms and projects that one connection may have open. */
const MAX_OPEN = 50;
const TOO_MANY = new EmendError('too_many', 'Too many messages in a short time. They are kept in this browser and sent again in a moment.').toProblem();
/** Packets waiting for a client that does not read: then it is cut off, and gets all of it again when it joins anew. */
const MAX_WAITING = 3000;

export class Connection {
  readonly #app: FastifyInstance;
  readonly #socket: EmendSocket;
  readonly #watchers: Watchers;
  readonly #rooms = new Map<string, Member>();
  readonly #projects = new Set<string>();
  readonly #turns: Turns;
  readonly #requests = new Bucket(200, 600);
  readonly #joins = new Bucket(20, 2 * MAX_OPEN);
  /** A page never hears this many refusals; a flood does. */
  readonly #refusals = new Bucket(10, 200);
  #cut = false;
  readonly #parts = new Parts();
  #turn: Promise<unknown> = Promise.resolve();
  /** Packets sent since the connection was last empty. */
  #unread = 0;

  constructor(app: FastifyInstance, socket: EmendSocket, watchers: Watchers, turns: Turns) {
    this.#app = app;
    this.#socket = socket;
    this.#watchers = watchers;
    this.#turns = turns;
  }

  /** Every event of the protocol has its line here; the compiler misses a forgotten one. */
  listen(): void {
    const handlers: { [Name in ClientEventName]: (raw: unknown) => Promise<object> } = {
      'room:join': (raw) => this.#join(raw),
      'room:leave': (raw) => this.#leave(raw),
      'room:update': (raw) => this.#update(raw),
      'room:part': (raw) => this.#part(raw),
      'room:presence': (raw) => this.#presence(raw),
      'room:segment': (raw) => this.#segment(raw),
      'project:watch': (raw) => this.#watch(raw),
      'project:unwatch': (raw) => this.#unwatch(raw),
      'team:watch': (raw) => this.#watchTeam(raw),
      'team:unwatch': (raw) => this.#unwatchTeam(raw),
    };
    this.#socket.onAny((name: string, raw: unknown, answer: unknown) => {
      const reply = typeof answer === 'function' ? (value: object) => { Reflect.apply(answer, undefined, [value]); } : () => undefined;
      const handle = Object.entries(handlers).find(([known]) => known === name)?.[1];
      if (this.#cut) return;
      if (this.#requests.take()) this.#turns.add(this, () => { this.#answer(handle, raw).then(reply, (error: unknown) => { this.#app.log.error({ err: error }, 'an answer could not be sent'); }); });
      else if (this.#refusals.take()) reply({ ok: false, problem: TOO_MANY });
      else this.#cutOff();
    });
    this.#socket.conn.on('drain', () => { this.#unread = 0; });
    this.#socket.on('disconnect', () => void this.#gone());
  }

  /** Closed as if the network had broken: a page connects again by itself, with an empty backlog. */
  #cutOff(): void {
    this.#cut = true;
    this.#app.log.warn({ person: this.#socket.data.person.id }, 'a connection was cut off: it sends far more than a page does');
    this.#turns.drop(this);
    this.#socket.conn.close();
  }

  async #answer(handle: ((raw: unknown) => Promise<object>) | undefined, raw: unknown): Promise<object> {
    try {
      if (!handle) throw new EmendError('bad_request', 'The server does not know this event. Reload the page.');
      return { ok: true, ...(await handle(raw)) };
    } catch (error) {
      return { ok: false, problem: problemOf(this.#app, error) };
    }
  }

  async #join(raw: unknown): Promise<object> {
    if (!this.#joins.take()) throw new EmendError('too_many', 'Too many images were opened in a short time. Wait a moment; the page tries again.');
    const { message, permit } = await this.#admit('room:join', raw);
    await this.#turns.take(this);
    if (this.#rooms.size >= MAX_OPEN && !this.#rooms.has(message.task)) throw new EmendError('too_many', `This browser has ${MAX_OPEN} images open. Close some tabs.`);
    if (permit.role && isBlinded(permit.role)) await enterCopy(this.#app.db, message.task, this.#socket.data.person.id);
    const former = this.#rooms.get(message.task);
    if (former) await this.#app.rooms.leave(message.task, former);
    const member = this.#member(message.task, !permit.role || !atLeast(permit.role, 'annotator'));
    const joined = await this.#app.rooms.join(message.task, member, message.stateVector);
    if (this.#socket.connected) this.#rooms.set(message.task, member);
    else await this.#app.rooms.leave(message.task, member);
    return joined;
  }

  #member(task: string, readOnly: boolean): Member {
    const socket = this.#socket;
    const id = newId();
    return {
      id, readOnly, person: socket.data.person,
      send: (name, message) => {
        if (++this.#unread > MAX_WAITING) socket.conn.close();
        // Socket.IO's types cannot follow an event name that is itself a type parameter.
        else Reflect.apply(socket.emit, socket, [name, message]);
      },
      close: (problem) => {
        if (this.#rooms.get(task)?.id === id) this.#rooms.delete(task);
        socket.emit('room:closed', { task, problem: problem.toProblem() });
      },
    };
  }

  async #leave(raw: unknown): Promise<object> {
    const { message } = await this.#admit('room:leave', raw);
    const member = this.#rooms.get(message.task);
    this.#rooms.delete(message.task);
    if (member) await this.#app.rooms.leave(message.task, member);
    return {};
  }

  async #update(raw: unknown): Promise<object> {
    const { message } = await this.#inTurn(this.#admit('room:update', raw));
    await this.#turns.take(this);
    return { seq: await this.#app.rooms.update(message.task, this.#memberOf(message.task).id, message.update) };
  }

  async #part(raw: unknown): Promise<object> {
    const { message } = await this.#inTurn(this.#admit('room:part', raw));
    await this.#turns.take(this);
    const member = this.#memberOf(message.task);
    const whole = this.#parts.add(member.id, message);
    return { seq: whole ? await this.#app.rooms.update(message.task, member.id, whole) : null };
  }

  /** Edits build on each other, so they enter in the order in which they came, however long each permission takes to look up. */
  #inTurn<T>(admitted: Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => admitted);
    this.#turn = turn.catch(() => undefined);
    admitted.catch(() => undefined);
    return turn;
  }

  async #presence(raw: unknown): Promise<object> {
    const { message } = await this.#admit('room:presence', raw);
    const member = this.#rooms.get(message.task);
    if (member) await this.#app.rooms.presence(message.task, member.id, message.update);
    return {};
  }

  async #segment(raw: unknown): Promise<object> {
    const { message } = await this.#admit('room:segment', raw);
    this.#memberOf(message.task);
    await this.#app.rooms.segment(message.task, message.annotation);
    return {};
  }

  #memberOf(task: string): Member {
    const member = this.#rooms.get(task);
    if (!member) throw new EmendError('unavailable', 'The page is not connected to this image. It connects again by itself; nothing is lost.');
    return member;
  }

  async #watch(raw: unknown): Promise<object> {
    const { message, permit } = await this.#admit('project:watch', raw);
    const { project } = message;
    if (this.#projects.size >= MAX_OPEN && !this.#projects.has(project)) throw new EmendError('too_many', 'Too many projects are watched by this page. Reload it.');
    await this.#app.news.join(this.#socket, project, !permit.role || isBlinded(permit.role));
    if (!this.#projects.has(project)) this.#watchers.add(project, this.#socket.data.person);
    this.#projects.add(project);
    this.#socket.emit('project:event', { project, event: { type: 'online', people: this.#watchers.online(project) } });
    return {};
  }

  async #unwatch(raw: unknown): Promise<object> {
    const { message } = await this.#admit('project:unwatch', raw);
    await this.#forget(message.project);
    return {};
  }

  async #watchTeam(raw: unknown): Promise<object> {
    const { message, permit } = await this.#admit('team:watch', raw);
    await this.#app.audience.join(this.#socket, message.project, !permit.role || isBlinded(permit.role));
    return {};
  }

  async #unwatchTeam(raw: unknown): Promise<object> {
    const { message } = await this.#admit('team:unwatch', raw);
    await this.#app.audience.leave(this.#socket, message.project);
    return {};
  }

  async #forget(project: string): Promise<void> {
    if (!this.#projects.delete(project)) return;
    this.#watchers.remove(project, this.#socket.data.person);
    await this.#app.news.leave(this.#socket, project);
  }

  async #gone(): Promise<void> {
    for (const project of [...this.#projects]) await this.#forget(project);
    for (const [task, member] of [...this.#rooms]) {
      this.#rooms.delete(task);
      await this.#app.rooms.leave(task, member, 'lost');
    }
  }

  #admit<Name extends ClientEventName>(name: Name, raw: unknown): Promise<{ permit: Permit; message: Parameters<ClientToServer[Name]>[0] }> {
    return admit(this.#app, this.#socket, name, raw);
  }
}
