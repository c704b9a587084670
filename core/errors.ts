/** The closed list of error codes, shared by server and client. The HTTP status is the server's business only. */
export const ERROR_STATUS = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  too_large: 413,
  unsupported: 415,
  invalid: 422,
  too_many: 429,
  failed: 500,
  busy: 503,
  unavailable: 503,
  protocol_version: 400,
  read_only: 403,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** What happened, what it means for the person's work, and what to do. `detail` may reach the screen: never a path, secret or stack. */
export interface Problem {
  code: ErrorCode;
  message: string;
  detail?: string | undefined;
}

/** The only error that reaches a person as it is; anything else is shown as `failed` with a reference to the log. */
export class EmendError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, message: string, detail?: string) {
    super(message);
    this.name = 'EmendError';
    this.code = code;
    this.detail = detail;
  }

  toProblem(): Problem {
    return this.detail === undefined ? { code: this.code, message: this.message } : { code: this.code, message: this.message, detail: this.detail };
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_STATUS, value);
}
