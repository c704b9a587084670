import { Type, type Static } from 'typebox';
import { AnnotationKind, ClassIndex, InstanceSchema, Score } from '#core/annotation/schema.ts';
import { CHANGE_KINDS } from '#core/dataset/diff.ts';
import { BoxSchema } from '#core/geometry/box.ts';
import { Id, Nullable, Split, Timestamp } from './common.ts';

export const LabelSource = Type.Union([Type.Literal('baseline'), Type.Literal('revision'), Type.Literal('pseudo')]);

export const DatasetStats = Type.Object({
  images: Type.Integer(), instances: Type.Integer(),
  splits: Type.Object({ train: Type.Integer(), valid: Type.Integer(), test: Type.Integer() }),
  sources: Type.Object({ baseline: Type.Integer(), revision: Type.Integer(), pseudo: Type.Integer() }),
  /** Where the labels themselves came from. */
  labels: Type.Object({ baseline: Type.Integer(), kept: Type.Integer(), annotation: Type.Integer(), pseudo: Type.Optional(Type.Integer()) }),
  /** Submitted images by how they were submitted. Absent in versions of the first format, like the optional fields below. */
  status: Type.Optional(Type.Object({ ok: Type.Integer(), corrected: Type.Integer() })),
  perClass: Type.Array(Type.Object({
    classIndex: Type.Integer(), name: Type.String(), instances: Type.Integer(), images: Type.Integer(),
    /** By area in pixels, with COCO's limits: < 32², < 96², and the rest. */
    sizes: Type.Optional(Type.Object({ small: Type.Integer(), medium: Type.Integer(), large: Type.Integer() })),
    /** Scores of the predictions that were kept: their mean, and the one that nine of ten reach; null without any. */
    keptScore: Type.Optional(Nullable(Type.Object({ mean: Score, low: Score }))),
  })),
  fresh: Type.Integer(),
});
export type DatasetStats = Static<typeof DatasetStats>;

export const DatasetVersionDto = Type.Object({
  id: Id, number: Type.Integer(), parentId: Nullable(Id),
  /** Number of the earlier version whose content this one has again. */
  restoredFrom: Nullable(Type.Integer()),
  hash: Type.String(), stats: DatasetStats, note: Nullable(Type.String()),
  createdBy: Type.String(), createdAt: Timestamp, classes: Type.Array(Type.String()),
});
export type DatasetVersionDto = Static<typeof DatasetVersionDto>;

/** What freezing now would give. */
export const FreezePreview = Type.Object({
  stats: DatasetStats,
  /** With the names of some of them. */
  leftOut: Type.Array(Type.Object({ reason: Type.String(), images: Type.Integer(), names: Type.Array(Type.String()) })),
  /** Labels that are left out since their class was retired, and those that count as another class's since theirs was merged. */
  retired: Type.Array(Type.Object({ name: Type.String(), labels: Type.Integer() })),
  relabelled: Type.Array(Type.Object({ name: Type.String(), into: Type.String(), labels: Type.Integer() })),
  /** The same hash as this version: nothing new to freeze. */
  sameAs: Nullable(Type.Integer()),
});
export type FreezePreview = Static<typeof FreezePreview>;
/** Predictions of this score and more become training labels, marked as such, where nobody has labelled an image of the train split. */
const pseudo = Type.Optional(Type.Number({ minimum: 0.05, maximum: 0.999 }));
export const Freeze = Type.Object({ note: Type.Optional(Type.String({ maxLength: 500 })), pseudo }, { additionalProperties: false });
export const FreezeQuery = Type.Object({ pseudo }, { additionalProperties: false });

/** The canonical manifest (docs/formats.md): its SHA-256 is the version's hash. Rows sorted by image hash; no ids of this database. */
export const ManifestRow = Type.Object({
  image: Type.String(), width: Type.Integer(), height: Type.Integer(), split: Split, source: LabelSource, labels: Type.String(),
});
export const Manifest = Type.Object({ format: Type.Literal('emend-dataset-1'), task: Type.String(), classes: Type.Array(Type.String()), rows: Type.Array(ManifestRow) });
export type Manifest = Static<typeof Manifest>;

export const DatasetItemDto = Type.Object({
  imageId: Id, name: Type.String(), split: Split, source: LabelSource, fresh: Type.Boolean(), revisionId: Nullable(Id), instances: Type.Array(InstanceSchema),
});

export const ChangeKind = Type.Enum([...CHANGE_KINDS]);
const counted = Type.Object({ added: Type.Integer(), removed: Type.Integer(), moved: Type.Integer(), relabelled: Type.Integer(), reshaped: Type.Integer() });

/** What lies between two versions of one project. Images: `changed` = other labels; `split` = only its split is another. */
export const VersionDiff = Type.Object({
  from: Type.Object({ id: Id, number: Type.Integer() }), to: Type.Object({ id: Id, number: Type.Integer() }),
  images: Type.Object({ added: Type.Integer(), removed: Type.Integer(), changed: Type.Integer(), split: Type.Integer(), same: Type.Integer() }),
  /** Objects in images of both versions; those of images that were added or removed are not in it. */
  objects: counted,
  /** Names that are not the same at their position. */
  classes: Type.Array(Type.Object({ index: Type.Integer(), before: Nullable(Type.String()), after: Nullable(Type.String()) })),
});
export type VersionDiff = Static<typeof VersionDiff>;

export const ObjectChangeDto = Type.Object({
  kinds: Type.Array(ChangeKind), before: Nullable(InstanceSchema), after: Nullable(InstanceSchema),
  /** Of the boxes, and of the masks, where both are there. */
  iou: Nullable(Type.Number()), maskIou: Nullable(Type.Number()),
});
export type ObjectChangeDto = Static<typeof ObjectChangeDto>;
export const ImageChange = Type.Enum(['added', 'removed', 'changed', 'split']);
export const ImageDiff = Type.Object({
  imageId: Id, name: Type.String(), width: Type.Integer(), height: Type.Integer(), change: ImageChange,
  split: Type.Object({ before: Nullable(Split), after: Nullable(Split) }),
  /** Empty for images that were added or removed. */
  objects: Type.Array(ObjectChangeDto),
  /** How many labels it has on either side. */
  labels: Type.Object({ before: Type.Integer(), after: Type.Integer() }),
});
export type ImageDiff = Static<typeof ImageDiff>;

export const Restore = Type.Object({ note: Type.Optional(Type.String({ maxLength: 500 })) }, { additionalProperties: false });

/** Where one label of a version comes from, and what was trained on it. */
export const Provenance = Type.Object({
  version: Type.Object({ id: Id, number: Type.Integer() }),
  image: Type.Object({ id: Id, name: Type.String() }),
  label: Type.Object({ id: Id, class: ClassIndex, className: Type.String(), box: BoxSchema, maskModel: Nullable(Type.String()) }),
  origin: Type.Union([
    Type.Object({ kind: Type.Literal('baseline'), importId: Id, by: Type.String(), at: Timestamp }),
    Type.Object({ kind: Type.Literal('prediction'), model: Nullable(Type.Object({ id: Id, number: Type.Integer(), name: Type.String() })), score: Nullable(Score), pseudo: Type.Boolean() }),
    Type.Object({
      kind: Type.Literal('annotation'), how: Nullable(AnnotationKind), by: Type.String(), at: Nullable(Timestamp),
      /** What it was made instead of. */
      insteadOf: Type.Array(Type.Object({ id: Id, class: ClassIndex, className: Type.String(), score: Score })),
      model: Nullable(Type.Object({ id: Id, number: Type.Integer(), name: Type.String() })),
    }),
  ]),
  /** The submit that accepted it; null for labels that nobody submitted. */
  revision: Nullable(Type.Object({ id: Id, number: Type.Integer(), taskId: Id, iteration: Type.Integer(), by: Type.String(), at: Timestamp, status: Type.String() })),
  /** All versions that hold this very label, with the runs that were trained on them and the models that came out. */
  usedBy: Type.Array(Type.Object({
    version: Type.Object({ id: Id, number: Type.Integer() }),
    runs: Type.Array(Type.Object({ id: Id, number: Type.Integer(), state: Type.String(), model: Nullable(Type.Object({ id: Id, number: Type.Integer(), name: Type.String() })) })),
  })),
});
export type Provenance = Static<typeof Provenance>;
