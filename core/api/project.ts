import { Type, type Static } from 'typebox';
import { ClassIndex } from '#core/annotation/schema.ts';
import { Overlay } from './image.ts';
import { Id, nameOf, Nullable, Role, TaskType, Timestamp } from './common.ts';
import { Face } from './system.ts';

export const ClassDto = Type.Object({
  index: ClassIndex, name: Type.String(), color: Type.String(), key: Nullable(Type.String()), retired: Type.Boolean(),
  /** Its labels count as that class's in new versions. */
  mergedInto: Nullable(ClassIndex),
});
export type ClassDto = Static<typeof ClassDto>;
export const ClassName = nameOf(80);
export const HexColor = Type.String({ pattern: '^#[0-9a-fA-F]{6}$' });

export const ProjectSettings = Type.Object(
  {
    /** Predictions below this score are neither shown nor kept. */
    threshold: Type.Number({ minimum: 0.01, maximum: 0.99 }),
    /** Predictions below this score are marked as unsure. */
    attention: Type.Number({ minimum: 0, maximum: 1 }),
    /** A class may fall by this much mAP50-95 (0..1) before the gate holds the new model. */
    gateMargin: Type.Number({ minimum: 0, maximum: 0.5 }),
    /** How often new corrections count in training. */
    freshWeight: Type.Integer({ minimum: 1, maximum: 10 }),
    /** Which images are handed out first: core/next/strategies.ts. */
    order: Type.Union([Type.Literal('uncertain'), Type.Literal('disagreement'), Type.Literal('random'), Type.Literal('sequential')]),
    /** Share of the images that two people correct without seeing each other, to measure how well they agree. */
    overlap: Type.Number({ minimum: 0, maximum: 1 }),
    /** Share of the submitted images that a reviewer looks at. Flagged ones are always among them: 0 = only those, 1 = all. */
    review: Type.Number({ minimum: 0, maximum: 1 }),
    /** A version is frozen and trained on by itself when so many images were submitted since the last one; 0 = never. */
    autoAfter: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    /** The same every night at this time of the server (`02:30`), where anything was submitted; empty = never. */
    autoAt: Type.String({ pattern: '^(([01][0-9]|2[0-3]):[0-5][0-9])?$' }),
  },
  { additionalProperties: false },
);
export type ProjectSettings = Static<typeof ProjectSettings>;
export const DEFAULT_SETTINGS: ProjectSettings = { threshold: 0.25, attention: 0.5, gateMargin: 0.01, freshWeight: 2, order: 'uncertain', overlap: 0, review: 0, autoAfter: 0, autoAt: '' };

export const ProjectDto = Type.Object({
  id: Id, name: Type.String(), task: TaskType, settings: ProjectSettings, classes: Type.Array(ClassDto),
  currentModelId: Nullable(Id), createdAt: Timestamp, role: Role,
});
export type ProjectDto = Static<typeof ProjectDto>;

export const ProjectCard = Type.Object({
  id: Id, name: Type.String(), task: TaskType, classes: Type.Array(ClassDto), role: Role,
  coverImageId: Nullable(Id), images: Type.Integer(), iteration: Type.Integer(), submitted: Type.Integer(), skipped: Type.Integer(), tasks: Type.Integer(),
  /** mAP50-95 of the promoted models, oldest first. */
  map: Type.Array(Type.Number()),
  online: Type.Array(Type.Object({ id: Id, name: Type.String(), face: Nullable(Face) })),
});
export type ProjectCard = Static<typeof ProjectCard>;

export const CreateProject = Type.Object(
  {
    name: nameOf(120), task: TaskType,
    classes: Type.Array(ClassName, { maxItems: 1000 }),
  },
  { additionalProperties: false },
);
export const PatchProject = Type.Object(
  { name: Type.Optional(nameOf(120)), settings: Type.Optional(Type.Partial(ProjectSettings, { additionalProperties: false })) },
  { additionalProperties: false },
);
export const CreateClass = Type.Object({ name: ClassName, color: Type.Optional(HexColor), key: Type.Optional(Nullable(Type.String({ maxLength: 1 }))) }, { additionalProperties: false });
export const PatchClass = Type.Object(
  { name: Type.Optional(ClassName), color: Type.Optional(HexColor), key: Type.Optional(Nullable(Type.String({ maxLength: 1 }))), retired: Type.Optional(Type.Boolean()), mergedInto: Type.Optional(ClassIndex) },
  { additionalProperties: false },
);

export const LoopStep = Type.Enum(['import', 'classes', 'predict', 'correct', 'freeze', 'train', 'promote']);
export type LoopStep = Static<typeof LoopStep>;

/** All numbers of the loop bar, and the one next action. `import` is next only while there is nothing to predict on. */
export const Loop = Type.Object({
  iteration: Type.Integer(),
  next: LoopStep,
  model: Nullable(Type.Object({ id: Id, number: Type.Integer(), name: Type.String(), map: Nullable(Type.Number()), map50: Nullable(Type.Number()) })),
  images: Type.Integer(),
  /** Tasks of this iteration; `predicted` of them have a prediction set. */
  predicted: Type.Integer(), unpredicted: Type.Integer(), tasks: Type.Integer(), submitted: Type.Integer(), corrected: Type.Integer(), skipped: Type.Integer(),
  /** Outcomes that wait for a reviewer. */
  toReview: Type.Integer(),
  /** Submitted since the last dataset version. */
  unfrozen: Type.Integer(),
  version: Nullable(Type.Object({ id: Id, number: Type.Integer(), images: Type.Integer() })),
  run: Nullable(Type.Object({ id: Id, number: Type.Integer(), state: Type.String(), epoch: Type.Integer(), epochs: Type.Integer(), map: Nullable(Type.Number()), /** Its model waits for a person to decide. */ waiting: Type.Boolean() })),
  /** mAP50-95 of the newest finished run's model minus that of the model before it. */
  gain: Nullable(Type.Number()),
  predictJobId: Nullable(Id),
});
export type Loop = Static<typeof Loop>;

const Count = Type.Integer();
/** `total`: what was found or shown, and what was missed. */
export const ErrorKinds = Type.Object({ classIndex: ClassIndex, missed: Count, false: Count, wrongClass: Count, badlyPlaced: Count, duplicate: Count, total: Count });
export type ErrorKinds = Static<typeof ErrorKinds>;
export const Overview = Type.Object({
  loop: Loop,
  /** One row per promoted model, oldest first; keptShare of the iteration that it predicted. */
  history: Type.Array(Type.Object({ iteration: Type.Integer(), model: Type.String(), map: Nullable(Type.Number()), map50: Nullable(Type.Number()), keptShare: Nullable(Type.Number()) })),
  errors: Type.Array(ErrorKinds),
  secondsPerImage: Nullable(Type.Number()), secondsPerCorrection: Nullable(Type.Number()), secondsToAccept: Nullable(Type.Number()),
  activity: Type.Array(Type.Object({ id: Id, kind: Type.String(), text: Type.String(), user: Nullable(Type.Object({ id: Id, name: Type.String() })), at: Timestamp })),
  /** `overlay`: as on the image's card. */
  next: Type.Array(Type.Object({ taskId: Id, imageId: Id, name: Type.String(), reason: Nullable(Type.String()), width: Type.Integer(), height: Type.Integer(), overlay: Overlay })),
});
export type Overview = Static<typeof Overview>;
