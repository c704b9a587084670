import { Type, type TSchema } from 'typebox';
import { Id } from '#core/annotation/schema.ts';

export { Id };
/** A name that people see: something visible, and nothing that breaks lines or turns the reading direction of what stands beside it. */
export const nameOf = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '^(?=[^]*\\S)[^\\u0000-\\u001f\\u007f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]*$' });
/** ISO 8601, UTC. */
export const Timestamp = Type.String();
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const Role = Type.Union([Type.Literal('admin'), Type.Literal('reviewer'), Type.Literal('annotator'), Type.Literal('viewer')]);
export const TaskType = Type.Union([Type.Literal('detect'), Type.Literal('segment')]);
export const Split = Type.Union([Type.Literal('train'), Type.Literal('valid'), Type.Literal('test')]);
export const Ok = Type.Object({ ok: Type.Literal(true) });

/** Every error answer of the API. */
export const ProblemSchema = Type.Object({
  code: Type.String(), message: Type.String(), detail: Type.Optional(Type.String()),
});
/** Path parameters. */
export const ProjectParams = Type.Object({ project: Id }, { additionalProperties: false });
export const IdParams = Type.Object({ id: Id }, { additionalProperties: false });

/** Pages by cursor: pass `next` back as `after`; null = the end. */
export const pageOf = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), total: Type.Integer(), next: Nullable(Type.String()) });
