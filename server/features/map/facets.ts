import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { Value } from 'typebox/value';
import { IN_FRONT, MAP_SPLIT, MAP_STATUS, MapPoints, NO_CLASS, NOT_KNOWN, WAITING, type MapFacets } from '#core/api/map.ts';
import { EmendError } from '#core/errors.ts';
import type { Eyes } from '../../blind.ts';
import { facetsOf, type Facets } from '../images/index.ts';
import { readSettings } from '../projects/index.ts';
import { currentMap, keyOf } from './read.ts';

/** What is known of each image on the map, as far as these eyes may see it. */
export async function readFacets(app: FastifyInstance, projectId: string, eyes: Eyes): Promise<MapFacets> {
  const { map } = await currentMap(app.db, projectId);
  if (!map) throw new EmendError('not_found', 'This project has no map yet. Make one first.');
  const ids = await idsOf(await app.blobs.path(map.sha256));
  const project = await app.db.project.findUniqueOrThrow({ where: { id: projectId }, select: { settings: true, classes: { where: { retiredAt: null }, select: { index: true } } } });
  const columns = new Columns(ids);
  const grid = { projectId, threshold: readSettings(project.settings).threshold, eyes };
  await facetsOf(app.db, grid, project.classes.map((c) => c.index), ids, (facets) => { columns.put(facets); });
  return { key: keyOf(map), ...columns.pack() };
}

async function idsOf(path: string): Promise<string[]> {
  const points: unknown = JSON.parse(await readFile(path, 'utf8'));
  const { ids } = Value.Parse(MapPoints, points);
  return ids === '' ? [] : ids.split(' ');
}

/** The facets of images in the order of a map. */
class Columns {
  readonly #place: ReadonlyMap<string, number>;
  readonly #status: Uint8Array;
  readonly #split: Uint8Array;
  readonly #tasks: Uint8Array;
  readonly #unsure: Uint8Array;
  readonly #class: Uint16Array;
  readonly #alike: Uint32Array;
  /** Group → its number and first member: a group of one is like no other. */
  readonly #groups = new Map<string, { number: number; first: number }>();

  constructor(ids: readonly string[]) {
    this.#place = new Map(ids.map((id, i) => [id, i]));
    const bytes = (): Uint8Array => new Uint8Array(ids.length);
    [this.#status, this.#split, this.#tasks, this.#unsure] = [bytes(), bytes(), bytes(), bytes().fill(NOT_KNOWN)];
    this.#class = new Uint16Array(ids.length).fill(NO_CLASS);
    this.#alike = new Uint32Array(ids.length);
  }

  put(facets: Facets): void {
    const at = this.#place.get(facets.id);
    if (at === undefined) return;
    const status: string = facets.excluded ? 'excluded' : facets.status;
    this.#status[at] = Math.max(0, MAP_STATUS.findIndex((name) => name === status));
    this.#split[at] = Math.max(0, MAP_SPLIT.findIndex((name) => name === facets.split));
    this.#tasks[at] = (facets.waiting ? WAITING : 0) | (facets.front ? IN_FRONT : 0);
    this.#class[at] = facets.class ?? NO_CLASS;
    this.#unsure[at] = facets.unsure === null ? NOT_KNOWN : Math.round(facets.unsure * (NOT_KNOWN - 1));
    if (facets.group !== null) this.#join(facets.group, at);
  }

  #join(group: string, at: number): void {
    const known = this.#groups.get(group);
    if (!known) {
      this.#groups.set(group, { number: this.#groups.size + 1, first: at });
      return;
    }
    this.#alike[known.first] = known.number;
    this.#alike[at] = known.number;
  }

  pack(): Omit<MapFacets, 'key'> {
    return { status: packed(this.#status), split: packed(this.#split), tasks: packed(this.#tasks), class: packed(this.#class), unsure: packed(this.#unsure), alike: packed(this.#alike) };
  }
}

function packed(values: Uint8Array | Uint16Array | Uint32Array): string {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  // Little-endian whatever the machine; every machine that Emend runs on is.
  return bytes.toString('base64');
}
