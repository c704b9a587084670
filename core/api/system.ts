import { Type, type Static } from 'typebox';
import { JobDto } from './job.ts';
import { Id, Nullable, Role, Timestamp, nameOf } from './common.ts';

/** `color`: place in the list of colours, the same for everybody who looks. */
export const Face = Type.Object({ color: Type.Integer(), letters: Type.String() });
export type Face = Static<typeof Face>;
export const Me = Type.Object({ id: Id, name: Type.String(), email: Type.String(), admin: Type.Boolean(), hasPassword: Type.Boolean(),
  /** false = reports count what they did and do not name them. */
  namedInReports: Type.Boolean(),
  /** As in the first project that they worked in; null before that. */
  face: Nullable(Face),
  /** Sign-in links that somebody else made for them after they had been here, of the last 90 days, newest first. */
  linksMade: Type.Array(Type.Object({ id: Id, by: Type.String(), project: Type.String(), at: Timestamp })),
});
export type Me = Static<typeof Me>;
export const PatchMe = Type.Object({ namedInReports: Type.Optional(Type.Boolean()) }, { additionalProperties: false });

export const TokenDto = Type.Object({ id: Id, name: Type.String(), prefix: Type.String(), createdAt: Timestamp, lastUsedAt: Nullable(Timestamp), expiresAt: Nullable(Timestamp) });
export const CreateToken = Type.Object({ name: nameOf(80), days: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650 })) }, { additionalProperties: false });
/** `token` is shown once and never again. */
export const CreatedToken = Type.Object({ token: Type.String(), ...TokenDto.properties });

/** `entered`: has a password, hence gets in without a link. `linkable`: who asks may make a sign-in link for them. */
export const MemberDto = Type.Object({ userId: Id, name: Type.String(), email: Type.String(), role: Role, entered: Type.Boolean(), linkable: Type.Boolean() });
/** A newcomer's one-time link is shown to the administrator who added them; null for somebody who has an account already. */
export const AddedMember = Type.Object({ ...MemberDto.properties, signInLink: Type.Union([Type.String(), Type.Null()]) });
export const SignInLink = Type.Object({ signInLink: Type.String() });
export const PersonName = Type.Object({ id: Id, name: Type.String(), ...Face.properties });
export type PersonName = Static<typeof PersonName>;

export const SegmenterDto = Type.Object({
  name: Type.String(), family: Type.String(), licence: Type.String(), present: Type.Boolean(), inUse: Type.Boolean(),
  /** A person chose it; without a choice the best that is present is used. */
  chosen: Type.Boolean(),
  /** Of one that is present: `testing` until it has found the mask of the test picture, `refused` with what is wrong. */
  state: Nullable(Type.Union([Type.Literal('ready'), Type.Literal('testing'), Type.Literal('refused')])), problem: Nullable(Type.String()), testIou: Nullable(Type.Number()),
  bytes: Nullable(Type.Integer()), bestFor: Type.String(), fetchable: Type.Boolean(), howTo: Nullable(Type.String()),
  /** Of those in the list: published quality, side of the encoder's input in pixels, and what is kept of each picture. */
  quality: Nullable(Type.String()), inputSize: Nullable(Type.Integer()), embeddingBytes: Nullable(Type.Integer()),
});
/** null: the best that is present. */
export const ChooseSegmenter = Type.Object({ name: Nullable(Type.String({ minLength: 1, maxLength: 200 })) }, { additionalProperties: false });
export const SystemDto = Type.Object({
  version: Type.String(), node: Type.String(), uptimeSeconds: Type.Number(),
  database: Type.Object({ kind: Type.Union([Type.Literal('embedded'), Type.Literal('external')]), version: Type.String(), bytes: Type.Integer(), migrations: Type.Integer() }),
  disk: Type.Object({ dataBytes: Type.Integer(), freeBytes: Type.Integer() }),
  inference: Type.Object({
    provider: Type.String(),
    /** Each provider that was tried, and what came of it. */
    tried: Type.Array(Type.Object({ provider: Type.String(), ok: Type.Boolean(), reason: Type.String() })),
    threads: Type.Integer(), queued: Type.Integer(), running: Type.Integer(),
    embeddings: Type.Object({ entries: Type.Integer(), bytes: Type.Integer(), hits: Type.Integer(), misses: Type.Integer(), disk: Type.Object({ entries: Type.Integer(), bytes: Type.Integer() }) }),
  }),
  segmenters: Type.Array(SegmenterDto),
  /** Work for the whole instance (weights that are fetched: `subjectId` names the model): the newest of each subject. */
  jobs: Type.Array(JobDto),
  trainer: Type.Object({ ready: Type.Boolean(), python: Nullable(Type.String()), ultralytics: Nullable(Type.String()), torch: Nullable(Type.String()), device: Nullable(Type.String()), message: Type.String() }),
  queues: Type.Array(Type.Object({ name: Type.String(), queued: Type.Integer(), active: Type.Integer(), failed: Type.Integer() })),
});
export type SystemDto = Static<typeof SystemDto>;
