/** The closed catalogue of what can go wrong, by code. `retryable`: the same call may succeed later. */
export const ERROR_CATALOGUE = {
  'bad-request': { status: 400, title: 'The request is not well formed', retryable: false },
  'validation-failed': { status: 422, title: 'Some fields are not acceptable', retryable: false },
  unauthenticated: { status: 401, title: 'Sign in or send a valid token', retryable: false },
  forbidden: { status: 403, title: 'Your role does not allow this', retryable: false },
  'not-found': { status: 404, title: 'There is no such thing, or it is not yours', retryable: false },
  'scenario-not-found': { status: 404, title: 'There is no such scenario', retryable: false },
  'lab-not-found': { status: 404, title: 'There is no such lab, or it is not yours', retryable: false },
  'lab-not-ready': { status: 409, title: 'The lab is not ready', retryable: true },
  'lab-ended': { status: 409, title: 'The lab has ended', retryable: false },
  'lab-limit-reached': {
    status: 409,
    title: 'You have as many labs as you may have at once',
    retryable: false,
  },
  'extension-limit-reached': { status: 409, title: 'The lab cannot be extended further', retryable: false },
  'idempotency-conflict': {
    status: 409,
    title: 'This Idempotency-Key was used for another request',
    retryable: false,
  },
  'idempotency-in-progress': {
    status: 409,
    title: 'The first request with this Idempotency-Key still runs',
    retryable: true,
  },
  'payload-too-large': { status: 413, title: 'The body is too large', retryable: false },
  'unsupported-media-type': { status: 415, title: 'The body must be JSON', retryable: false },
  'too-many-requests': { status: 429, title: 'Too many requests', retryable: true },
  'driver-unavailable': { status: 503, title: 'This kind of cluster cannot be made here', retryable: false },
  'driver-not-supported': {
    status: 422,
    title: 'The scenario does not run on this driver',
    retryable: false,
  },
  'provision-failed': { status: 500, title: 'The cluster could not be made', retryable: true },
  'provision-timeout': { status: 504, title: 'The cluster was not made in time', retryable: true },
  'sandbox-not-found': { status: 404, title: 'There is no such sandbox on this host', retryable: false },
  'clock-not-movable': {
    status: 409,
    title: 'The clock of a real cluster cannot be moved',
    retryable: false,
  },
  'host-unreachable': { status: 503, title: 'The host of the lab does not answer', retryable: true },
  internal: { status: 500, title: 'Something went wrong on our side', retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** One field that is wrong: `path` as in `spec.steps[0].title`, or a header's or parameter's name. */
export interface FieldError {
  path: string;
  message: string;
}

/** The only error that crosses a module's border. `detail` is for the user; `cause` is for the log. */
export class DomainError extends Error {
  readonly status: number;
  readonly retryable: boolean;

  constructor(
    readonly code: ErrorCode,
    readonly detail?: string,
    options: { cause?: unknown; errors?: FieldError[] } = {},
  ) {
    super(detail ?? ERROR_CATALOGUE[code].title, { cause: options.cause });
    this.name = 'DomainError';
    this.status = ERROR_CATALOGUE[code].status;
    this.retryable = ERROR_CATALOGUE[code].retryable;
    if (options.errors) this.errors = options.errors;
  }

  readonly errors?: FieldError[];
}
