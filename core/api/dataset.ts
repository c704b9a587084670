import { Type, type Static } from 'typebox';
import { InstanceSchema } from '#core/annotation/schema.ts';
import { Id, Nullable, Split, Timestamp } from './common.ts';

export const LabelSource = Type.Union([Type.Literal('baseline'), Type.Literal('revision'), Type.Literal('pseudo')]);

export const DatasetStats = Type.Object({
  images: Type.Integer(), instances: Type.Integer(),
  splits: Type.Object({ train: Type.Integer(), valid: Type.Integer(), test: Type.Integer() }),
  sources: Type.Object({ baseline: Type.Integer(), revision: Type.Integer(), pseudo: Type.Integer() }),
  /** Where the labels themselves came from. */
  labels: Type.Object({ baseline: Type.Integer(), kept: Type.Integer(), annotation: Type.Integer() }),
  perClass: Type.Array(Type.Object({ classIndex: Type.Integer(), name: Type.String(), instances: Type.Integer(), images: Type.Integer() })),
  fresh: Type.Integer(),
});
export type DatasetStats = Static<typeof DatasetStats>;

export const DatasetVersionDto = Type.Object({
  id: Id, number: Type.Integer(), parentId: Nullable(Id), hash: Type.String(), stats: DatasetStats, note: Nullable(Type.String()),
  createdBy: Type.String(), createdAt: Timestamp, classes: Type.Array(Type.String()),
});
export type DatasetVersionDto = Static<typeof DatasetVersionDto>;

/** What freezing now would give. */
export const FreezePreview = Type.Object({
  stats: DatasetStats,
  leftOut: Type.Array(Type.Object({ reason: Type.String(), images: Type.Integer() })),
  /** The same hash as this version: nothing new to freeze. */
  sameAs: Nullable(Type.Integer()),
});
export type FreezePreview = Static<typeof FreezePreview>;
export const Freeze = Type.Object({ note: Type.Optional(Type.String({ maxLength: 500 })) }, { additionalProperties: false });

/** The canonical manifest (docs/formats.md): its SHA-256 is the version's hash. Rows sorted by image hash; no ids of this database. */
export const ManifestRow = Type.Object({
  image: Type.String(), width: Type.Integer(), height: Type.Integer(), split: Split, source: LabelSource, labels: Type.String(),
});
export const Manifest = Type.Object({ format: Type.Literal('emend-dataset-1'), task: Type.String(), classes: Type.Array(Type.String()), rows: Type.Array(ManifestRow) });
export type Manifest = Static<typeof Manifest>;

export const DatasetItemDto = Type.Object({
  imageId: Id, name: Type.String(), split: Split, source: LabelSource, fresh: Type.Boolean(), revisionId: Nullable(Id), instances: Type.Array(InstanceSchema),
});
