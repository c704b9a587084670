import type { Peer } from './editor.ts';

/** Milliseconds in which a colleague's cursor covers about two thirds of its way: presence comes every 40 ms or so. */
const EASE_MS = 45;
/** Image pixels below which it has arrived. */
const NEAR = 0.05;
/** A jump of this share of its own distance is not shown as a flight: the cursor was away. */
const AWAY_MS = 600;

interface Place {
  values: number[];
  at: number;
}

/** Colleagues between two messages: cursors and boxes in the making glide to where they were last heard of. */
export class Glide {
  readonly #places = new Map<string, Place>();

  /** The colleagues as they are to be shown `now` (ms); `moving` while another frame would differ. Without motion they are where they are. */
  step(peers: readonly Peer[], now: number, still: boolean): { peers: Peer[]; moving: boolean } {
    let moving = false;
    const seen = new Set<string>();
    const towards = <T extends readonly number[]>(key: string, target: T, rebuild: (values: readonly number[]) => T): T => {
      seen.add(key);
      const place = this.#places.get(key);
      const arrived = still || !place || now - place.at > AWAY_MS || place.values.every((v, i) => Math.abs(v - (target[i] ?? v)) < NEAR);
      const part = place ? 1 - Math.exp(-(now - place.at) / EASE_MS) : 1;
      const values = arrived ? [...target] : place.values.map((v, i) => v + ((target[i] ?? v) - v) * part);
      this.#places.set(key, { values, at: now });
      moving ||= !arrived;
      return arrived ? target : rebuild(values);
    };
    const shown = peers.map((peer): Peer => ({
      ...peer,
      ...(peer.cursor ? { cursor: towards(`${peer.client} cursor`, peer.cursor, ([x = 0, y = 0]) => [x, y]) } : {}),
      ...(peer.drawing ? { drawing: towards(`${peer.client} drawing`, peer.drawing, ([x = 0, y = 0, w = 0, h = 0]) => [x, y, w, h]) } : {}),
    }));
    for (const key of this.#places.keys()) if (!seen.has(key)) this.#places.delete(key);
    return { peers: shown, moving };
  }
}
