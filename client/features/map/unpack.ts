/** What the server packs as base64, as typed arrays again; and the numbers of a map in one place. */
import type { MapFacets, MapPoints } from '#core/api/map.ts';

/** The map is a square of this side for everything that is drawn. */
export const WORLD = 1000;
const STORED = 65_535;

export interface Points {
  readonly ids: readonly string[];
  /** Pairwise, 0…WORLD. */
  readonly xy: Float32Array;
  readonly cluster: Uint16Array;
  readonly odd: readonly number[];
}

export interface Facets {
  readonly key: string;
  readonly status: Uint8Array;
  readonly split: Uint8Array;
  readonly tasks: Uint8Array;
  readonly class: Uint16Array;
  readonly unsure: Uint8Array;
  readonly alike: Uint32Array;
}

export function unpackPoints({ ids, x, y, cluster, odd }: MapPoints): Points {
  const [across, down] = [uint16(x), uint16(y)];
  const xy = new Float32Array(across.length * 2);
  for (let i = 0; i < across.length; i++) {
    xy[2 * i] = ((across[i] ?? 0) / STORED) * WORLD;
    xy[2 * i + 1] = ((down[i] ?? 0) / STORED) * WORLD;
  }
  return { ids: ids === '' ? [] : ids.split(' '), xy, cluster: uint16(cluster), odd };
}

export function unpackFacets({ key, status, split, tasks, class: of, unsure, alike }: MapFacets): Facets {
  return { key, status: bytes(status), split: bytes(split), tasks: bytes(tasks), class: uint16(of), unsure: bytes(unsure), alike: uint32(alike) };
}

function bytes(text: string): Uint8Array {
  const raw = atob(text);
  return Uint8Array.from({ length: raw.length }, (_, i) => raw.charCodeAt(i));
}
function uint16(text: string): Uint16Array {
  const view = new DataView(bytes(text).buffer);
  return Uint16Array.from({ length: view.byteLength / 2 }, (_, i) => view.getUint16(2 * i, true));
}
function uint32(text: string): Uint32Array {
  const view = new DataView(bytes(text).buffer);
  return Uint32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getUint32(4 * i, true));
}
