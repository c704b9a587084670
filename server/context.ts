/** What every feature may use, as ports. Decorated onto the Fastify instance by server/plugins; the tests build the same. */
import type { FastifyBaseLogger } from 'fastify';
import type { PrismaClient } from '#prisma';
import type { JobDto } from '#core/api/job.ts';
import type { ProjectEvent } from '#core/protocol.ts';
import type { Config } from './config.ts';

/** Content-addressed blobs under the data directory (or S3). Keys are SHA-256 in hex; writing the same bytes twice is one file. */
export interface Blobs {
  put(bytes: Uint8Array): Promise<string>;
  /** Moves or copies a file in; streams, so that weights of any size pass. */
  putFile(path: string): Promise<string>;
  get(sha256: string): Promise<Buffer>;
  /** A local path to read from (the trainer and the ONNX workers want files). Throws not_found. */
  path(sha256: string): Promise<string>;
  has(sha256: string): Promise<boolean>;
}

/** Tells whoever watches a project. Never throws; delivery is best effort, the database is the truth. */
export interface Bus {
  emit(projectId: string, event: ProjectEvent): void;
  /** In-process listeners (features that react to others, by event type). Returns the remover. */
  on(listener: (projectId: string, event: ProjectEvent) => void): () => void;
}

export interface JobSpec {
  kind: JobDto['kind'];
  projectId: string | null;
  /** JSON handed to the handler. */
  data: Record<string, unknown>;
  subjectId?: string;
  createdById?: string;
  message?: string;
  /** A second job of the same kind and key while one is queued or running is refused with `conflict`. */
  singletonKey?: string;
}

/** What a running handler holds: progress is written to the Job row and pushed, throttled to some per second. */
export interface JobHandle {
  readonly id: string;
  readonly signal: AbortSignal;
  progress(done: number, total: number | null, message?: string): void;
}

export type JobHandler = (data: Record<string, unknown>, job: JobHandle) => Promise<string | undefined>;

export interface JobOptions {
  /** Jobs of this kind at the same time on one node; default 1. */
  concurrency?: number;
  /** One was cancelled before it began, so its handler never hears of it: what it is about has to be told. */
  neverBegan?: (subjectId: string) => Promise<void>;
}

export interface Jobs {
  /** Registered before start; the start fails when a kind has no handler. The returned string is the closing message. */
  handle(kind: JobDto['kind'], handler: JobHandler, options?: JobOptions): void;
  enqueue(spec: JobSpec): Promise<JobDto>;
  /** Queued: cancelled at once. Running: the handler's signal aborts. Idempotent. */
  cancel(jobId: string): Promise<JobDto>;
  list(projectId: string, limit?: number): Promise<JobDto[]>;
  /** Tells rows as failed that the queue has not known at two looks. Done by itself every 20 s. */
  settle(): Promise<void>;
  /** For tests: resolves when nothing is queued or running. */
  idle(): Promise<void>;
}

export interface Person {
  id: string;
  name: string;
  email: string;
  admin: boolean;
}

/** What somebody is known by. It ends: signed out, expired, revoked. */
export interface Proof {
  kind: 'session' | 'token';
  /** Of the row. */
  id: string;
}

export interface Visitor {
  person: Person;
  proof: Proof;
}

declare module 'fastify' {
  interface FastifyInstance {
    config: Config;
    db: PrismaClient;
    /** With the password: for connections of our own threads only, never shown. */
    databaseUrl: string;
    blobs: Blobs;
    bus: Bus;
    jobs: Jobs;
  }
  interface FastifyRequest {
    /** Set by the auth plugin; null where the route is public and nobody is signed in. */
    person: Person | null;
  }
}

export type Log = FastifyBaseLogger;
