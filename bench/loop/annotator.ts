/** A perfect annotator over the real API and socket: compares a task's predictions with the truth and corrects exactly what is wrong. */
import { io, type Socket } from 'socket.io-client';
import * as Y from 'yjs';
import * as ops from '#core/annotation/doc.ts';
import { resolve } from '#core/annotation/merge.ts';
import type { Prediction } from '#core/annotation/schema.ts';
import type { TaskDto } from '#core/api/image.ts';
import type { Box } from '#core/geometry/box.ts';
import { boxIou } from '#core/geometry/iou.ts';
import { newId } from '#core/ids.ts';
import { PROTOCOL_VERSION, type Answer, type ClientToServer, type Joined, type ServerToClient } from '#core/protocol.ts';
import { call, type Person } from '../../e2e/live/stage.ts';

export interface Truth {
  class: number;
  /** In image pixels. */
  box: Box;
}
export interface Corrections {
  kept: number;
  /** Classes of the boxes that were drawn. */
  drawn: number[];
  rejected: number;
  relabelled: number;
}

/** A prediction that overlaps an object at least this much is left as it is. */
const GOOD = 0.6;

export class Annotator {
  readonly #socket: Socket<ServerToClient, ClientToServer>;
  readonly #origin: string;
  readonly #person: Person;

  constructor(origin: string, person: Person) {
    this.#socket = io(origin, { extraHeaders: { cookie: person.cookie, origin }, transports: ['websocket'], forceNew: true });
    this.#origin = origin;
    this.#person = person;
  }

  async correct(task: TaskDto, truth: readonly Truth[]): Promise<Corrections> {
    const doc = new Y.Doc();
    const joined = await this.#ask<Joined>((answer) => this.#socket.emit('room:join', { task: task.id, protocol: PROTOCOL_VERSION, client: newId(), stateVector: Y.encodeStateVector(doc) }, answer));
    Y.applyUpdate(doc, new Uint8Array(joined.update));
    const done = edit(doc, task, truth);
    if (done.drawn.length + done.rejected + done.relabelled > 0) {
      await this.#ask((answer) => this.#socket.emit('room:update', { task: task.id, update: Y.encodeStateAsUpdate(doc, new Uint8Array(joined.stateVector)) }, answer));
    }
    await call(this.#origin, this.#person, 'POST', `/tasks/${task.id}/submit`, { stateVector: Buffer.from(Y.encodeStateVector(doc)).toString('base64'), timeMs: 1000, predictionSetId: task.predictionSetId });
    await this.#ask((answer) => this.#socket.emit('room:leave', { task: task.id }, answer));
    return done;
  }

  close(): void {
    this.#socket.close();
  }

  async #ask<T>(send: (answer: (a: Answer<T>) => void) => void): Promise<T> {
    return new Promise((done, fail) => {
      send((answer) => { if (answer.ok) done(answer); else fail(new Error(`${answer.problem.code}: ${answer.problem.message}`)); });
    });
  }
}

/** Best score first, each prediction takes the free object that it covers best; what is left over on either side is wrong. */
function edit(doc: Y.Doc, task: TaskDto, truth: readonly Truth[]): Corrections {
  const act: ops.Act = { origin: { kind: 'person', user: 'bench', client: 'bench' }, user: 'bench', now: Date.now() };
  const seen = { predictions: task.predictions, threshold: task.threshold };
  const done: Corrections = { kept: 0, drawn: [], rejected: 0, relabelled: 0 };
  const left = new Set(truth);
  const right = new Map<string, Truth>();
  for (const prediction of shown(doc, task).toSorted((a, b) => b.score - a.score)) {
    const match = bestMatch(prediction, left);
    if (!match) continue;
    left.delete(match);
    right.set(prediction.id, match);
    if (match.class === prediction.class) done.kept += 1;
    else {
      ops.relabelPrediction(doc, act, newId(), prediction, match.class, task.model?.name ?? '');
      done.relabelled += 1;
    }
  }
  const draw = (object: Truth): void => {
    ops.drawBox(doc, act, seen, newId(), object.box, object.class);
    done.drawn.push(object.class);
  };
  left.forEach(draw);
  // In a crowd a new box may replace a neighbour's right prediction: then the neighbour needs a box too.
  const still = new Set(shown(doc, task).map(({ id }) => id));
  for (const [id, object] of right) {
    if (still.has(id) || object.class !== task.predictions.find((p) => p.id === id)?.class) continue;
    done.kept -= 1;
    draw(object);
  }
  // Those that a new box has replaced are gone already.
  for (const { id } of shown(doc, task)) {
    if (right.has(id)) continue;
    ops.rejectPrediction(doc, act, id);
    done.rejected += 1;
  }
  return done;
}

function shown(doc: Y.Doc, task: TaskDto): Prediction[] {
  return resolve(task.predictions, ops.readContent(doc), task.threshold).predictions.filter((p) => p.state === 'kept').map((p) => p.prediction);
}

/** Of the same class if there is one. */
function bestMatch(prediction: Prediction, left: ReadonlySet<Truth>): Truth | undefined {
  const overlapping = [...left].filter((t) => boxIou(t.box, prediction.box) >= GOOD);
  const same = overlapping.filter((t) => t.class === prediction.class);
  return (same.length > 0 ? same : overlapping).toSorted((a, b) => boxIou(b.box, prediction.box) - boxIou(a.box, prediction.box))[0];
}
