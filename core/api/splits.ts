import { Type, type Static } from 'typebox';
import { Id, Nullable, Split } from './common.ts';

export const Share = Type.Number({ minimum: 0.01, maximum: 0.5 });

/** A validation split as it would be drawn: `images` of `of` labelled ones, in groups of like pictures, and how it shows the classes. */
export const SplitDraw = Type.Object({
  share: Type.Number(), images: Type.Integer(), of: Type.Integer(), groups: Type.Integer(),
  perClass: Type.Array(Type.Object({ name: Type.String(), images: Type.Integer(), of: Type.Integer() })),
});
export type SplitDraw = Static<typeof SplitDraw>;

/** Groups of like pictures that lie in more than one split. `images`: those outside of their group's strictest split (valid before test before train). */
export const LeakCount = Type.Object({ groups: Type.Integer(), images: Type.Integer() });

export const SplitStatus = Type.Object({
  /** Labelled images that are not excluded. */
  labelled: Type.Object({ train: Type.Integer(), valid: Type.Integer(), test: Type.Integer() }),
  leaks: LeakCount,
  /** Images that were not compared with the others yet. */
  uncompared: Type.Integer(),
  /** What a draw with the asked share would set aside; null where there is a validation split, or nothing to draw from. */
  draw: Nullable(SplitDraw),
});
export type SplitStatus = Static<typeof SplitStatus>;
/** `draw` false: without working out a draw, which reads all labels. */
export const SplitQuery = Type.Object({ share: Type.Optional(Share), draw: Type.Optional(Type.Boolean()) }, { additionalProperties: false });
export const DrawSplit = Type.Object({ share: Share }, { additionalProperties: false });

const Reason = Type.String({ minLength: 3, maxLength: 300, pattern: '\\S' });
/** `reason`: needed, and only taken from an administrator, where an image is part of a frozen version. */
export const RepairLeaks = Type.Object({ how: Type.Enum(['exclude', 'move']), image: Type.Optional(Id), reason: Type.Optional(Reason) }, { additionalProperties: false });
export const Repaired = Type.Object({ images: Type.Integer(), left: LeakCount });
export const MoveReason = Reason;

/** The images that one image belongs together with, itself among them. */
export const AlikeImages = Type.Object({
  leak: Type.Boolean(),
  images: Type.Array(Type.Object({
    id: Id, name: Type.String(), width: Type.Integer(), height: Type.Integer(), split: Split, excluded: Type.Boolean(),
    /** Why it is here, seen from the image that was asked for: made from the same one, looks the same, or only through another one of the group. */
    why: Type.Enum(['itself', 'family', 'near', 'through']),
  })),
  total: Type.Integer(),
});
export type AlikeImages = Static<typeof AlikeImages>;
