import { EmendError } from '#core/errors.ts';
import { MAX_UPDATE_BYTES } from '#core/protocol.ts';

export interface Part {
  part: Uint8Array;
  index: number;
  last: boolean;
}

/** Puts an update together that came in pieces. One at a time for each connection: that bounds what anybody can make the server hold. */
export class Parts {
  #of = '';
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  /** The whole update with its last piece. @throws EmendError `unavailable` when a piece is missing (the page then begins again), `too_large`. */
  add(memberId: string, { part, index, last }: Part): Uint8Array | undefined {
    if (index === 0) this.#begin(memberId);
    if (this.#of !== memberId || index !== this.#pieces.length) {
      this.#begin('');
      throw new EmendError('unavailable', 'A piece of the edits did not arrive in its place. They are kept in this browser and sent again in a moment.');
    }
    this.#bytes += part.byteLength;
    if (this.#bytes > MAX_UPDATE_BYTES) {
      this.#begin('');
      throw new EmendError('too_large', `More edits of one image than the server takes at once (${MAX_UPDATE_BYTES / 1024 / 1024} MiB). They are kept in this browser; save a copy of them as a file.`);
    }
    this.#pieces.push(part);
    if (!last) return undefined;
    const whole = new Uint8Array(Buffer.concat(this.#pieces));
    this.#begin('');
    return whole;
  }

  #begin(memberId: string): void {
    this.#of = memberId;
    this.#pieces = [];
    this.#bytes = 0;
  }
}
