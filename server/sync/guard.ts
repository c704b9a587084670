/** Decides whether an update may enter a room, on a copy of its document, so that a bad one leaves no trace. */
import { Compile } from 'typebox/compile';
import * as Y from 'yjs';
import { annotationsOf, MAX_ANNOTATIONS, MAX_VERDICTS, ROOTS, verdictsOf } from '#core/annotation/doc.ts';
import { AnnotationSchema, VerdictSchema, type Annotation } from '#core/annotation/schema.ts';
import { EmendError } from '#core/errors.ts';
import { runsOf } from '#core/geometry/rle.ts';
import { Authorship } from './authorship.ts';
import { MAX_DOC_BYTES, type Encoded } from './encoded.ts';
import { Fitting, Unfit, type Facts } from './fitting.ts';
import type { Owners } from './owners.ts';

/** Edits of one client in one document. Far beyond what a person can do, far below what breaks number arithmetic. */
const MAX_CLOCK = 2 ** 31;
const annotationCheck = Compile(AnnotationSchema);
const verdictCheck = Compile(VerdictSchema);

/** What an admitted update is: the part of it that is new, and the annotations that it touched. */
export interface Admitted {
  update: Uint8Array;
  /** What the server put right about who did it; the sender has to hear it too. */
  stamp?: Uint8Array;
  changed: ReadonlySet<string>;
}

export class Guard {
  #scratch = new Y.Doc();
  readonly #live: Y.Doc;
  readonly #encoded: Encoded;
  readonly #fitting: Fitting;
  readonly #owners: Owners;
  readonly #authorship = new Authorship();

  /** `encoded` and `owners`: the same document's. */
  constructor(live: Y.Doc, encoded: Encoded, facts: Facts, owners: Owners) {
    this.#live = live;
    this.#encoded = encoded;
    this.#fitting = new Fitting(facts);
    this.#owners = owners;
    this.#renew();
  }

  set facts(facts: Facts) {
    this.#fitting.facts = facts;
  }

  /** @throws EmendError `invalid` (Unfit where the facts speak against it) or `too_large`, with the reason; then nothing has changed. */
  admit(update: Uint8Array, user: string, now = Date.now()): Admitted | undefined {
    const { structs } = readBeforeApplying(update);
    // Deletions name no new things, and make room.
    if (structs.length > 0) this.#refuseWhenFull(update.byteLength);
    const continued = this.#owners.continued(this.#live, structs, user);
    this.#fitting.refuseStrangers(structs);
    const sender = { user, since: this.#fitting.facts.since, now };
    const admitted = this.#try((scratch) => { Y.applyUpdate(scratch, update); }, now, (scratch, touched) => { this.#authorship.stamp(this.#live, scratch, touched, sender); });
    for (const client of continued) this.#owners.claim(client, user);
    return admitted;
  }

  /** Changes made by the server itself, checked like any other. */
  admitEdit(edit: (doc: Y.Doc) => void): Admitted | undefined {
    this.#refuseWhenFull(0);
    return this.#try(edit, Date.now());
  }

  #refuseWhenFull(more: number): void {
    if (!this.#encoded.isFull(more)) return;
    throw atItsEnd(`edits as one may (${MAX_DOC_BYTES / 1024 / 1024} MiB)`);
  }

  #try(change: (scratch: Y.Doc) => void, now: number, sign: (scratch: Y.Doc, touched: Touched) => void = () => undefined): Admitted | undefined {
    const scratch = this.#scratch;
    const updates: Uint8Array[] = [];
    const touched = new Touched(scratch);
    const collect = (update: Uint8Array): void => void updates.push(update);
    scratch.on('update', collect);
    try {
      change(scratch);
      const problem = pendingProblem(scratch) ?? touched.problem();
      if (problem !== undefined) throw new EmendError('invalid', `An edit was refused because it does not fit this document: ${problem}. Everything saved before it is safe; reload the page to go on.`);
      if (updates.length === 0) return undefined;
      refuseTooMany(scratch);
      const misfit = this.#misfit(touched, now);
      if (misfit !== undefined) throw new Unfit(misfit);
      const update = join(updates.splice(0));
      touched.stop();
      scratch.transact(() => { sign(scratch, touched); });
      if (Y.getState(scratch.store, scratch.clientID) > 0) this.#owners.claim(scratch.clientID, null);
      return { update, changed: touched.annotations, ...(updates.length > 0 ? { stamp: join(updates) } : {}) };
    } catch (error) {
      scratch.off('update', collect);
      this.#renew();
      throw error instanceof EmendError ? error : new EmendError('invalid', 'An edit was refused because it cannot be read. Everything saved before it is safe; reload the page to go on.');
    } finally {
      scratch.off('update', collect);
      touched.stop();
    }
  }

  #misfit(touched: Touched, now: number): string | undefined {
    return first(touched.annotations, (id) => this.#fitting.annotationProblem(id, read(this.#live, id), read(this.#scratch, id), now))
      ?? first(touched.verdicts, (id) => (verdictsOf(this.#scratch).has(id) && !verdictsOf(this.#live).has(id) ? this.#fitting.verdictProblem(id) : undefined));
  }

  #renew(): void {
    this.#scratch.destroy();
    this.#scratch = new Y.Doc();
    for (const root of ROOTS) this.#scratch.getMap(root);
    Y.applyUpdate(this.#scratch, this.#encoded.whole());
  }

  destroy(): void {
    this.#scratch.destroy();
  }
}

function refuseTooMany(doc: Y.Doc): void {
  if (annotationsOf(doc).size > MAX_ANNOTATIONS) throw atItsEnd(`annotations as one may (${MAX_ANNOTATIONS})`);
  if (verdictsOf(doc).size > MAX_VERDICTS) throw atItsEnd(`verdicts as one may (${MAX_VERDICTS})`);
}

function atItsEnd(what: string): EmendError {
  return new EmendError('too_large', `This image holds as many ${what}, so the last edit was not taken. All that is saved stays and can be submitted; deleting what is not needed makes room. Open the image anew to go on.`);
}

function read(doc: Y.Doc, id: string): Annotation | undefined {
  const value: unknown = annotationsOf(doc).get(id)?.toJSON();
  return annotationCheck.Check(value) ? value : undefined;
}

function join(updates: Uint8Array[]): Uint8Array {
  return updates.length === 1 && updates[0] ? updates[0] : Y.mergeUpdates(updates);
}

/**
 * Reads the update as Yjs V1 without a document. A V2 update, or rubbish, fails here or gives clocks that no client can have; decoding V1 reads at
 * least one byte per step, so its time is bounded by the size of the event.
 */
function readBeforeApplying(update: Uint8Array): ReturnType<typeof Y.decodeUpdate> {
  let decoded: ReturnType<typeof Y.decodeUpdate>;
  try {
    decoded = Y.decodeUpdate(update);
  } catch {
    throw new EmendError('invalid', 'An edit was refused because it is not a Yjs V1 update. Everything saved before it is safe; reload the page to go on.');
  }
  // A V2 update begins like an empty V1 one; yjs would take it for that and the sender for saved.
  if (decoded.structs.length === 0 && decoded.ds.clients.size === 0 && update.byteLength > 2) {
    throw new EmendError('invalid', 'An edit was refused because it is not a Yjs V1 update. Everything saved before it is safe; reload the page to go on.');
  }
  const far = decoded.structs.some((s) => s.id.clock + s.length > MAX_CLOCK) || [...decoded.ds.clients.values()].some((items) => items.some((i) => i.clock + i.len > MAX_CLOCK));
  if (far) throw new EmendError('invalid', 'An edit was refused because its clock lies far in the future. Reload the page to go on.');
  return decoded;
}

/** Edits that build on edits which are not here would wait in memory for ever. */
function pendingProblem(doc: Y.Doc): string | undefined {
  if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) return 'it builds on edits that the server does not have';
  return undefined;
}

/** Follows one change through the document and checks exactly what it touched: a large document costs no more than a small one. */
class Touched {
  readonly annotations = new Set<string>();
  readonly verdicts = new Set<string>();
  #misplaced: string | undefined;
  readonly #doc: Y.Doc;

  constructor(doc: Y.Doc) {
    this.#doc = doc;
    doc.on('afterTransaction', this.#note);
  }

  readonly #note = (transaction: Y.Transaction): void => {
    for (const [type, keys] of transaction.changed) {
      for (const key of keys) this.#noteKey(type, key);
    }
  };

  #noteKey(type: Y.AbstractType<Y.YEvent<Y.AbstractType<unknown>>>, key: string | null): void {
    const annotations = annotationsOf(this.#doc);
    const parentKey = type._item?.parentSub;
    if (key === null) this.#misplaced = 'a list where a map belongs';
    else if (type._item === null) {
      if (Object.is(type, annotations)) this.annotations.add(key);
      else if (Object.is(type, verdictsOf(this.#doc))) this.verdicts.add(key);
    } else if (type._item.parent === annotations && typeof parentKey === 'string') this.annotations.add(parentKey);
    else this.#misplaced = 'values nested deeper than an annotation\'s fields';
  }

  problem(): string | undefined {
    return this.#misplaced ?? this.#rootProblem() ?? first(this.annotations, (id) => this.#annotationProblem(id)) ?? first(this.verdicts, (id) => this.#verdictProblem(id));
  }

  #rootProblem(): string | undefined {
    const unknown = [...this.#doc.share.keys()].find((name) => !ROOTS.some((root) => root === name));
    return unknown === undefined ? undefined : 'it has an unknown part';
  }

  #annotationProblem(id: string): string | undefined {
    const map: unknown = annotationsOf(this.#doc).get(id);
    if (map === undefined) return undefined;
    if (!(map instanceof Y.Map)) return 'an annotation is not a map';
    // Yjs lets a map carry list items that toJSON never shows.
    if (map._start !== null) return 'an annotation holds a list';
    if ([...map.values()].some((value) => value instanceof Y.AbstractType || value instanceof Y.Doc)) return 'an annotation holds shared types';
    const value: unknown = map.toJSON();
    return badId(id) ?? why(annotationCheck, value, 'annotation') ?? (annotationCheck.Check(value) ? maskProblem(value) : undefined);
  }

  #verdictProblem(id: string): string | undefined {
    const verdict: unknown = verdictsOf(this.#doc).get(id);
    return verdict === undefined ? undefined : badId(id) ?? why(verdictCheck, verdict, 'verdict');
  }

  stop(): void {
    this.#doc.off('afterTransaction', this.#note);
  }
}

/** Characters of a value that is looked through for the exact place of its error; in a larger one that alone would hold everybody up. */
const EXPLAINED = 4000;

function why(check: { Check(value: unknown): boolean; Errors(value: unknown): { instancePath: string; message: string }[] }, value: unknown, what: string): string | undefined {
  if (check.Check(value)) return undefined;
  const error = JSON.stringify(value).length > EXPLAINED ? { instancePath: '', message: 'does not fit, and is far larger than any' } : check.Errors(value)[0];
  return `${what}${error?.instancePath ?? ''} ${error?.message ?? 'does not fit'}`;
}

/** Whoever reads a mask later must be able to: its runs fill its size. */
function maskProblem({ mask }: Annotation): string | undefined {
  try {
    if (mask) runsOf(mask.rle);
    return undefined;
  } catch {
    return 'a mask is damaged';
  }
}

/** Names that JavaScript objects have of themselves: as a key of plain data they would be something else than a key. */
const TAKEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function badId(id: string): string | undefined {
  return /^[A-Za-z0-9_-]{1,64}$/.test(id) && !TAKEN.has(id) ? undefined : 'an id is not an id';
}

function first(ids: Iterable<string>, check: (id: string) => string | undefined): string | undefined {
  for (const id of ids) {
    const problem = check(id);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
