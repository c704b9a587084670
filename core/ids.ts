/** Web Crypto, which Node and browsers share; declared here because core knows neither's types. */
declare const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };

/** 96 random bits, written in an alphabet without look-alikes; sortable ids are not needed, unguessable ones are. */
const ALPHABET = '23456789abcdefghjkmnpqrstuvwxyz';

/** A new random id of 20 characters (98 bits). Works in Node and in the browser. */
export function newId(): string {
  let id = '';
  while (id.length < 20) {
    for (const byte of crypto.getRandomValues(new Uint8Array(32))) {
      // Bytes past the last whole multiple of 31 would favour the first letters.
      if (byte < 248 && id.length < 20) id += ALPHABET.charAt(byte % 31);
    }
  }
  return id;
}

/** The form of every id that this program makes (tests a string that came from outside). */
export const ID_PATTERN = '^[A-Za-z0-9_-]{1,64}$';
