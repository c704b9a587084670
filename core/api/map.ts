import { Type, type Static } from 'typebox';
import { Id, Nullable, Timestamp } from './common.ts';

/** Little-endian numbers as base64: a hundred thousand places are half a megabyte. */
const Packed = Type.String({ pattern: '^[A-Za-z0-9+/]*=*$' });

/** What images are compared by: the pooled features of a model, or their thumbnails where no model tells how it sees them. */
export const MapBasis = Type.Enum(['model', 'thumbnails']);

/** What there is of a map, and what a new one would be made of. */
export const ImageMapDto = Type.Object({
  map: Nullable(Type.Object({
    /** Of its points: another one has another. */
    key: Id, basis: MapBasis, model: Nullable(Type.Object({ id: Id, name: Type.String() })), madeAt: Timestamp,
    images: Type.Integer(),
    /** Could not be looked at. */
    unplaced: Type.Integer(),
  })),
  /** Images of the project that are not excluded. */
  images: Type.Integer(),
  /** Of these, added since the map was made. */
  newer: Type.Integer(),
  /** The project's present model tells something else than the map was made from. */
  otherModel: Type.Boolean(),
  model: Nullable(Type.Object({ id: Id, name: Type.String() })),
});
export type ImageMapDto = Static<typeof ImageMapDto>;

/** Where each image lies. One blob per map; never changed. */
export const MapPoints = Type.Object({
  format: Type.Literal('emend-map-1'),
  /** Ids, one space between two. All that follows is in their order. */
  ids: Type.String(),
  /** uint16 each, 0…65535; y runs down. */
  x: Packed, y: Packed,
  /** uint16: number of its cluster, the largest is 1; 0 = in none. */
  cluster: Packed,
  /** Positions of the images that are far from everything else, the farthest first. */
  odd: Type.Array(Type.Integer({ minimum: 0 })),
});
export type MapPoints = Static<typeof MapPoints>;

/** The statuses of the grid by their number, then what is out of the project. */
export const MAP_STATUS = ['new', 'predicted', 'corrected', 'ok', 'skipped', 'baseline', 'excluded'] as const;
export const MAP_SPLIT = ['train', 'valid', 'test'] as const;
/** Bits of `tasks`: it waits to be corrected; it was put in front. */
export const WAITING = 1;
export const IN_FRONT = 2;
export const NO_CLASS = 65_535;
export const NOT_KNOWN = 255;

/** What is known of the map's images right now, in the order of its points. */
export const MapFacets = Type.Object({
  key: Id,
  /** uint8 each: index in MAP_STATUS, in MAP_SPLIT, and bits. */
  status: Packed, split: Packed, tasks: Packed,
  /** uint16: the class of most labels (else predictions at or above the threshold) of the image; 65535 = none. */
  class: Packed,
  /** uint8: how unsure the model is, 0…254; 255 = it has not looked. */
  unsure: Packed,
  /** uint32: images with the same number are near-duplicates, or made from one; 0 = like no other. */
  alike: Packed,
});
export type MapFacets = Static<typeof MapFacets>;

/** As many images as one selection may hold, to be listed or handed out. */
export const MOST_PICKED = 20_000;
const Picked = Type.Array(Id, { minItems: 1, maxItems: MOST_PICKED });

export const PickImages = Type.Object({ images: Picked }, { additionalProperties: false });
export const ImagePickDto = Type.Object({ id: Id, images: Type.Integer() });

/** `front` false: back to the places that the ranking gives them. */
export const FrontTasks = Type.Object({ images: Picked, front: Type.Boolean() }, { additionalProperties: false });
/** How many images changed their place, and how many have no task that waits. */
export const FrontDone = Type.Object({ images: Type.Integer(), notWaiting: Type.Integer() });
