import { Type, type Static } from 'typebox';
import { ClickList, Score } from '#core/annotation/schema.ts';
import { BoxSchema } from '#core/geometry/box.ts';
import { RleSchema } from '#core/geometry/rle.ts';

/** What masks are asked for: a box, clicks, or both. At least a box or one click on the object. */
export const MaskQuestion = Type.Object({ box: Type.Optional(BoxSchema), points: Type.Optional(ClickList) }, { additionalProperties: false });
export type MaskQuestion = Static<typeof MaskQuestion>;

/** All that the model in use offers, best first. Nothing of it is stored: what a person chooses goes into the document. */
export const MaskOffers = Type.Object({ model: Type.String(), candidates: Type.Array(Type.Object({ rle: RleSchema, score: Score, /** Where it is another one's than the model in use. */ model: Type.Optional(Type.String()) })) });
export type MaskOffers = Static<typeof MaskOffers>;
