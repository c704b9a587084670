import * as Y from 'yjs';

/** Bytes of one document, deleted things counted too. Joining, loading and submitting take time in proportion. */
export const MAX_DOC_BYTES = 8 * 1024 * 1024;
/** A document at its limit is measured anew at most this often: deleting makes room. Milliseconds. */
const MEASURE_MS = 1000;
/** State vectors of so many who join at the same time. */
const MOST_KEPT = 8;
/** The state vector of an empty document. */
const NOTHING = Uint8Array.of(0);

/** A document as bytes, worked out once for all who ask until it changes: encoding visits every edit that was ever made. */
export class Encoded {
  readonly #doc: Y.Doc;
  readonly #limit: number;
  readonly #kept = new Map<string, Uint8Array>();
  #vector: Uint8Array | undefined;
  /** At most so many, since merged and deleted edits shrink. */
  #bytes: number;
  #measured = -Infinity;
  #grown = false;
  /** How often the document was really encoded. */
  encodings = 0;

  /** `bytes`: of the stored updates that the document was made from. */
  constructor(doc: Y.Doc, bytes: number, limit = MAX_DOC_BYTES) {
    this.#doc = doc;
    this.#bytes = bytes;
    this.#limit = limit;
    doc.on('update', (update: Uint8Array) => {
      this.#kept.clear();
      this.#vector = undefined;
      this.#bytes += update.byteLength;
      this.#grown = true;
    });
  }

  /** Everything, as one V1 update. */
  whole(): Uint8Array {
    return this.against(NOTHING);
  }

  /** What somebody with this state lacks. Throws when the state vector cannot be read. */
  against(stateVector: Uint8Array): Uint8Array {
    const key = Buffer.from(stateVector).toString('latin1');
    const known = this.#kept.get(key);
    if (known) return known;
    const update = Y.encodeStateAsUpdate(this.#doc, stateVector);
    this.encodings += 1;
    if (key === '\0') {
      this.#bytes = update.byteLength;
      this.#grown = false;
    }
    if (this.#kept.size < MOST_KEPT) this.#kept.set(key, update);
    return update;
  }

  vector(): Uint8Array {
    return (this.#vector ??= Y.encodeStateVector(this.#doc));
  }

  /** True when the document may not grow by so many bytes. */
  isFull(more: number): boolean {
    if (this.#bytes + more <= this.#limit) return false;
    const now = performance.now();
    if (this.#grown && now - this.#measured > MEASURE_MS) {
      this.#measured = now;
      this.whole();
    }
    return this.#bytes + more > this.#limit;
  }
}
