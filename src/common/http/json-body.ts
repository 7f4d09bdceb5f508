import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { DomainError } from '../domain-error.js';
import { toDomainError } from './problem.filter.js';

/** The largest body the API reads. */
export const BODY_LIMIT_BYTES = 1024 * 1024;

/** Parses JSON bodies: 413 when larger than the limit, 400 when broken, 415 when something else than JSON was sent. */
export function readJsonBodies(app: NestExpressApplication): void {
  app.use(refuseOtherMedia);
  app.useBodyParser('json', { limit: BODY_LIMIT_BYTES });
  app.use(explainBodyError);
}

function refuseOtherMedia(request: Request, _response: Response, next: NextFunction): void {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
  next(hasBody && !request.is('application/json') ? new DomainError('unsupported-media-type') : undefined);
}

/** Express knows by the four parameters that this is for errors. Nest would forget what was wrong with the body. */
function explainBodyError(error: unknown, _request: Request, _response: Response, next: NextFunction): void {
  next(toDomainError(error));
}
