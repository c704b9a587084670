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

export interface Truth {
  class: number;
  box: Box;
}
export interface Corrections {
  kept: number;
  drawn: number;
  rejected: number;
  relabelled: number;
}

export type Call = (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<unknown>;

/** A prediction that overlaps an object at least this much is left as it is. */
const GOOD = 0.6;

export class Annotator {
  readonly #socket: Socket<ServerToClient, ClientToServer>;
  readonly #call: Call;

  constructor(url: string, token: string, call: Call) {
    this.#socket = io(url, { auth: { token }, extraHeaders: { authorization: `Bearer ${token}` }, transports: ['websocket'] });
    this.#call = call;
  }

  async correct(task: TaskDto, truth: readonly Truth[]): Promise<Corrections> {
    const doc = new Y.Doc();
    const joined = await this.#ask<Joined>((answer) => this.#socket.emit('room:join', { task: task.id, protocol: PROTOCOL_VERSION, client: newId(), stateVector: Y.encodeStateVector(doc) }, answer));
    Y.applyUpdate(doc, new Uint8Array(joined.update));
    const done = edit(doc, task, truth);
    if (done.drawn + done.rejected + done.relabelled > 0) {
      await this.#ask((answer) => this.#socket.emit('room:update', { task: task.id, update: Y.encodeStateAsUpdate(doc, new Uint8Array(joined.stateVector)) }, answer));
    }
    await this.#call('POST', `/tasks/${task.id}/submit`, { stateVector: Buffer.from(Y.encodeStateVector(doc)).toString('base64'), timeMs: 1000, predictionSetId: task.predictionSetId });
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

function edit(doc: Y.Doc, task: TaskDto, truth: readonly Truth[]): Corrections {
  const act: ops.Act = { origin: { kind: 'person', user: 'bench', client: 'bench' }, user: 'bench', now: Date.now() };
  const seen = { predictions: task.predictions, threshold: task.threshold };
  const done: Corrections = { kept: 0, drawn: 0, rejected: 0, relabelled: 0 };
  const left = new Set(truth);
  const shown = resolve(task.predictions, ops.readContent(doc), task.threshold).predictions.filter((p) => p.state === 'kept').map((p) => p.prediction);
  for (const prediction of shown.toSorted((a, b) => b.score - a.score)) {
    const match = bestMatch(prediction, left);
    if (!match) continue;
    left.delete(match);
    if (match.class === prediction.class) done.kept += 1;
    else {
      ops.relabelPrediction(doc, act, newId(), prediction, match.class, task.model?.name ?? '');
      done.relabelled += 1;
    }
  }
  for (const object of left) {
    ops.drawBox(doc, act, seen, newId(), object.box, object.class);
    done.drawn += 1;
  }
  const content = ops.readContent(doc);
  for (const { prediction, state } of resolve(task.predictions, content, task.threshold).predictions) {
    if (state !== 'kept' || truth.some((t) => t.class === prediction.class && boxIou(t.box, prediction.box) >= GOOD)) continue;
    ops.rejectPrediction(doc, act, prediction.id);
    done.rejected += 1;
  }
  return done;
}

function bestMatch(prediction: Prediction, left: ReadonlySet<Truth>): Truth | undefined {
  const overlapping = [...left].filter((t) => boxIou(t.box, prediction.box) >= GOOD);
  return overlapping.toSorted((a, b) => boxIou(b.box, prediction.box) - boxIou(a.box, prediction.box))[0];
}
