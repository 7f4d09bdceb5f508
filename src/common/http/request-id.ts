import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';

/**
 * Names each request, in its answer's header, in problems and in the log. A client may choose the name with
 * `X-Request-Id` (1 to 64 letters, digits, `_`, `.`, `-`).
 */
export function assignRequestId(
  request: Request & { id?: unknown },
  response: Response,
  next: NextFunction,
): void {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
  request.id = id;
  response.setHeader('X-Request-Id', id);
  next();
}
