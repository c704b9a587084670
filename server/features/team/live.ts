/** Who has which image open and what is on it, followed as it happens: the source of the small live pictures. */
import { readContent } from '#core/annotation/doc.ts';
import { resolve } from '#core/annotation/merge.ts';
import type { Prediction } from '#core/annotation/schema.ts';
import type { LivePerson, LiveTask } from '#core/api/team.ts';
import type { FastifyInstance } from 'fastify';
import type { LiveMessage } from '../../sync/audience.ts';
import { readSettings } from '../projects/index.ts';
import { predictionsOf } from '../tasks/index.ts';

/** One picture is drawn anew at most this often. */
const EVERY_MS = 500;
const MAX_OVERLAY = 200;

interface About {
  projectId: string;
  image: { id: string; name: string; width: number; height: number };
  blind: boolean;
  predictions: Prediction[];
  threshold: number;
}

interface Entry {
  people: Map<string, LivePerson>;
  about: Promise<About | null> | null;
  /** Once it is known. */
  image: string | null;
  timer: NodeJS.Timeout | null;
  sentAt: number;
}

export class LiveDesk {
  readonly #app: FastifyInstance;
  readonly #entries = new Map<string, Entry>();
  readonly #removers: (() => void)[];

  constructor(app: FastifyInstance) {
    this.#app = app;
    this.#removers = [
      app.rooms.onPeople((taskId, person, here, { readOnly }) => {
        const entry = this.#entry(taskId);
        if (here) entry.people.set(person.id, { id: person.id, name: person.name, readOnly, activeAt: Date.now(), drawing: null });
        else entry.people.delete(person.id);
        this.#soon(taskId);
      }),
      app.rooms.onPresence((taskId, person, state) => { this.#stir(taskId, person.id, state?.drawing ? state.drawing.map(round) : null); }),
      app.rooms.onChange((taskId, _doc, _changed, user) => { if (user === null) this.#soon(taskId); else this.#stir(taskId, user); }),
      app.bus.on((_projectId, event) => {
        // Submitted, settled or given other predictions: what is known of the task, and of the other copy of its image, is read again.
        if (event.type === 'task') this.#readAnew((taskId, image) => taskId === event.task || image === event.image);
        // The share of images that two people correct has changed.
        if (event.type === 'images') this.#readAnew(() => true);
      }),
      app.audience.onNewcomer((projectId, send) => { for (const taskId of this.#entries.keys()) void this.#tell(taskId, (about, full, masked) => { if (about.projectId === projectId) send(full, masked); }); }),
    ];
  }

  close(): void {
    for (const remove of this.#removers) remove();
    for (const { timer } of this.#entries.values()) if (timer) clearTimeout(timer);
    this.#entries.clear();
  }

  #entry(taskId: string): Entry {
    const entry = this.#entries.get(taskId) ?? { people: new Map<string, LivePerson>(), about: null, image: null, timer: null, sentAt: 0 };
    this.#entries.set(taskId, entry);
    return entry;
  }

  #readAnew(which: (taskId: string, image: string | null) => boolean): void {
    for (const [taskId, entry] of this.#entries) {
      if (!which(taskId, entry.image)) continue;
      entry.about = null;
      this.#soon(taskId);
    }
  }

  #stir(taskId: string, userId: string, drawing?: number[] | null): void {
    const person = this.#entries.get(taskId)?.people.get(userId);
    if (!person) return;
    person.activeAt = Date.now();
    if (drawing !== undefined) person.drawing = drawing;
    this.#soon(taskId);
  }

  #soon(taskId: string): void {
    const entry = this.#entry(taskId);
    entry.timer ??= setTimeout(() => {
      entry.timer = null;
      entry.sentAt = Date.now();
      void this.#tell(taskId, (about, full, masked) => { this.#app.audience.send(about.projectId, full, masked); });
    }, Math.max(0, entry.sentAt + EVERY_MS - Date.now()));
  }

  async #tell(taskId: string, send: (about: About, full: LiveMessage, masked: LiveMessage) => void): Promise<void> {
    const entry = this.#entries.get(taskId);
    if (!entry) return;
    try {
      const about = await (entry.about ??= this.#read(taskId));
      if (!about) return;
      entry.image = about.image.id;
      if (entry.people.size === 0) {
        const gone = { project: about.projectId, task: taskId, now: Date.now(), live: null };
        send(about, gone, gone);
        if (entry.timer === null) this.#entries.delete(taskId);
      } else if (this.#app.audience.has(about.projectId)) {
        const live = await this.#draw(taskId, entry, about);
        const message = { project: about.projectId, task: taskId, now: Date.now() };
        const hidden: LiveTask = { ...live, overlay: [], changes: 0, people: live.people.map((p) => ({ ...p, drawing: null })) };
        send(about, { ...message, live }, { ...message, live: about.blind ? hidden : live });
      }
    } catch (error) {
      entry.about = null;
      this.#app.log.warn({ err: error, task: taskId }, 'a live picture could not be drawn');
    }
  }

  async #draw(taskId: string, { people }: Entry, { image, blind, predictions, threshold }: About): Promise<LiveTask> {
    const content = await this.#app.rooms.with(taskId, async (room) => readContent(room.doc));
    const { predictions: states, annotations } = resolve(predictions, content, threshold);
    const row = (index: number, box: readonly number[], made: 0 | 1): number[] => [index, ...box.map(round), made];
    const made = annotations.map(({ annotation }) => row(annotation.class, annotation.box, 1));
    const kept = states.filter((s) => s.state === 'kept').map(({ prediction }) => row(prediction.class, prediction.box, 0));
    return {
      task: taskId, image: image.id, name: image.name, width: image.width, height: image.height, blind, people: [...people.values()],
      overlay: [...kept.slice(0, Math.max(0, MAX_OVERLAY - made.length)), ...made.slice(0, MAX_OVERLAY)], changes: content.annotations.size + content.verdicts.size,
    };
  }

  async #read(taskId: string): Promise<About | null> {
    const row = await this.#app.db.task.findUnique({ where: { id: taskId }, select: { projectId: true, blind: true, image: true, predictionSet: { select: { instances: true } }, project: { select: { settings: true } } } });
    return row && {
      projectId: row.projectId, image: row.image, blind: row.blind,
      predictions: row.predictionSet ? predictionsOf(row.predictionSet.instances) : [], threshold: readSettings(row.project.settings).threshold,
    };
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
