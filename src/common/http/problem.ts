import { type DomainError, ERROR_CATALOGUE, type FieldError } from '../domain-error.js';

/** The body of every error answer: RFC 9457 with our `code`. `detail` and `errors` are for people, `code` for programs. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  retryable: boolean;
  detail?: string;
  errors?: FieldError[];
  /** The id of the request, as in the log. */
  requestId?: string;
}

/** Media type of RFC 9457. */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export function toProblem(error: DomainError, requestId?: string): Problem {
  return {
    type: `urn:seatrial:problem:${error.code}`,
    title: ERROR_CATALOGUE[error.code].title,
    status: error.status,
    code: error.code,
    retryable: error.retryable,
    ...(error.detail ? { detail: error.detail } : {}),
    ...(error.errors ? { errors: error.errors } : {}),
    ...(requestId ? { requestId } : {}),
  };
}
