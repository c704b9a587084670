import { Type, type Static } from 'typebox';
import { ClassIndex } from '#core/annotation/schema.ts';
import { Id, Nullable, Role, Timestamp } from './common.ts';
import { Holder, RevisionDto } from './image.ts';

const Count = Type.Integer({ minimum: 0 });
const Share = Nullable(Type.Number({ minimum: 0, maximum: 1 }));

/** Somebody who has an image open. Times are milliseconds since 1970 by the server's clock. */
export const LivePerson = Type.Object({
  id: Id, name: Type.String(), readOnly: Type.Boolean(),
  /** When they last moved, drew or changed something here. */
  activeAt: Type.Number(),
  /** The box that they are drawing this moment, image pixels. */
  drawing: Nullable(Type.Array(Type.Number(), { minItems: 4, maxItems: 4 })),
});
export type LivePerson = Static<typeof LivePerson>;

/** One image that somebody has open. `overlay`: [class, x, y, w, h, 1 = made by a person | 0 = predicted] (at most 200), empty where it must not be seen. */
export const LiveTask = Type.Object({
  task: Id, image: Id, name: Type.String(), width: Type.Integer(), height: Type.Integer(), blind: Type.Boolean(),
  people: Type.Array(LivePerson), overlay: Type.Array(Type.Array(Type.Number(), { minItems: 6, maxItems: 6 })), changes: Count,
});
export type LiveTask = Static<typeof LiveTask>;

/** Of one person in the iteration in work, unless it says otherwise. */
export const Pace = Type.Object({
  lastHour: Count, today: Count, images: Count,
  secondsPerImage: Nullable(Type.Number()), secondsPerCorrection: Nullable(Type.Number()), correctedShare: Share,
});
export type Pace = Static<typeof Pace>;

export const TeamPerson = Type.Object({
  id: Id, name: Type.String(), role: Role, lastSubmitAt: Nullable(Timestamp),
  /** null = not yours to see (docs/decisions/0005-who-sees-whose-pace.md). */
  pace: Nullable(Pace),
});
export type TeamPerson = Static<typeof TeamPerson>;

export const Lease = Type.Object({ task: Id, image: Id, name: Type.String(), holder: Holder, until: Timestamp });
export type Lease = Static<typeof Lease>;

export const Team = Type.Object({
  /** The server's clock. */
  now: Timestamp,
  iteration: Type.Integer(),
  images: Count, submitted: Count, corrected: Count, left: Count, skipped: Count, flagged: Count,
  /** Tasks that are open, second copies included: what the time left is of. */
  open: Count,
  /** Images and second looks that the whole team submits per hour; null = too few lately to say. */
  perHour: Nullable(Type.Number()),
  secondsLeft: Nullable(Type.Number()),
  lastHour: Count, today: Count,
  overlap: Type.Object({ share: Type.Number(), images: Count, done: Count }),
  people: Type.Array(TeamPerson),
  leases: Type.Array(Lease),
});
export type Team = Static<typeof Team>;
export const TeamQuery = Type.Object({ today: Type.Optional(Type.String({ format: 'date-time', maxLength: 40 })) }, { additionalProperties: false, description: 'today: when the asking person\'s day began; without it, midnight UTC.' });

/** Sums and shares of how two people agree (core/agreement). Shares 0…1; null = nothing to divide by. */
export const AgreementRow = Type.Object({
  images: Count, a: Count, b: Count, matched: Count,
  found: Nullable(Type.Number()), iou: Nullable(Type.Number()), classes: Nullable(Type.Number()), kappa: Nullable(Type.Number()),
});
export const ClassAgreementRow = Type.Object({
  classIndex: ClassIndex, objects: Count, both: Count, missed: Count, other: Count, confusedWith: Nullable(ClassIndex), iou: Nullable(Type.Number()),
});
export const AgreementDto = Type.Object({
  iteration: Type.Integer(),
  total: AgreementRow,
  /** mAP50-95 of one person measured against the other: no model that learns from such labels can be expected to do better. */
  ceiling: Nullable(Type.Number()),
  perClass: Type.Array(ClassAgreementRow),
  /** Reviewers see all pairs, others those that they are part of. */
  pairs: Type.Array(Type.Object({ first: Holder, second: Holder, ...AgreementRow.properties })),
  /** The images that two people labelled most differently, worst first (at most 12); for reviewers only. */
  least: Type.Array(Type.Object({ imageId: Id, name: Type.String(), width: Type.Integer(), height: Type.Integer(), likeness: Type.Number(), first: Holder, second: Holder })),
});
export type AgreementDto = Static<typeof AgreementDto>;
export const AgreementQuery = Type.Object({ iteration: Type.Optional(Type.Integer({ minimum: 1 })) }, { additionalProperties: false });

/** The two outcomes of one image side by side. `counts`: it is the image's label; the other measures. */
export const PairSide = Type.Object({ taskId: Id, copy: Type.Integer(), counts: Type.Boolean(), person: Holder, revision: RevisionDto });
export const PairDto = Type.Object({ imageId: Id, name: Type.String(), width: Type.Integer(), height: Type.Integer(), sides: Type.Array(PairSide, { minItems: 2, maxItems: 2 }) });
export type PairDto = Static<typeof PairDto>;
