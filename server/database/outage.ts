/** Which errors mean that the database is away for a while: unreachable, restarting, cut off or too slow. The only place that knows. */
import { EmendError } from '#core/errors.ts';

/**
 * Prisma (P…, https://www.prisma.io/docs/orm/reference/error-reference), PostgreSQL (class 08 connection, 53300 too many connections, 57014 statement timeout,
 * 57P01–57P03 shutting down, crashed, starting; https://www.postgresql.org/docs/current/errcodes-appendix.html) and the system's own.
 */
const CODES: ReadonlySet<unknown> = new Set([
  'P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037', '08000', '08001', '08003', '08004', '08006', '53300', '57014', '57P01', '57P02', '57P03',
  'ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'EPIPE', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN', 'ENOTFOUND',
]);
/** Of @prisma/adapter-pg. */
const KINDS: ReadonlySet<unknown> = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections']);
/** What pg and pg-pool throw without a code. */
const WORDS = /^(timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client (was closed|has encountered a connection error) and is not queryable)/;
/** Libraries wrap errors in errors; more deeply than this none does. */
const DEPTH = 6;

export function isOutage(error: unknown, depth = DEPTH): boolean {
  if (typeof error !== 'object' || error === null || depth === 0 || error instanceof EmendError) return false;
  const { code, originalCode, kind, message, errors } = fieldsOf(error);
  if (CODES.has(code) || CODES.has(originalCode) || KINDS.has(kind) || (typeof message === 'string' && WORDS.test(message))) return true;
  const within = [...Object.values(fieldsOf(error).wrapped), ...(Array.isArray(errors) ? errors : [])];
  return within.some((one) => isOutage(one, depth - 1));
}

function fieldsOf(error: object) {
  const read = (name: string): unknown => Reflect.get(error, name);
  return {
    code: read('code'), originalCode: read('originalCode'), kind: read('kind'), message: read('message'), errors: read('errors'),
    // `meta` is Prisma's, `body` better-auth's.
    wrapped: { cause: read('cause'), meta: read('meta'), driver: read('driverAdapterError'), body: read('body') },
  };
}

/** Seconds after which a client may ask again (Retry-After). */
export const RETRY_SECONDS = 2;

export function databaseAway(): EmendError {
  return new EmendError('unavailable', 'The server cannot reach its database at the moment, so this was not done. Nothing is lost: unsent work is kept in this browser and sent again.');
}
