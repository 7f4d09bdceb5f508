import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { DomainError, type ErrorCode } from '../domain-error.js';
import { PROBLEM_MEDIA_TYPE, toProblem } from './problem.js';

/** What the body parser calls its errors, and what they are here. */
const BODY_ERRORS: Record<string, ErrorCode> = {
  'entity.too.large': 'payload-too-large',
  'entity.parse.failed': 'bad-request',
  'request.aborted': 'bad-request',
  'request.size.invalid': 'bad-request',
  'encoding.unsupported': 'unsupported-media-type',
  'charset.unsupported': 'unsupported-media-type',
};

const BY_STATUS: Record<number, ErrorCode> = {
  400: 'bad-request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  413: 'payload-too-large',
  415: 'unsupported-media-type',
  422: 'validation-failed',
  429: 'too-many-requests',
};

/** Answers every error as problem+json. What nobody foresaw is logged with its cause and told as `internal` only. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request & { id?: string }>();
    const response = host.switchToHttp().getResponse<Response>();
    const error = toDomainError(thrown);
    if (error.status >= 500)
      this.logger.error({ err: error.cause ?? error, code: error.code }, 'request failed');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (error.code === 'unauthenticated') response.setHeader('WWW-Authenticate', 'Bearer');
    response.status(error.status).type(PROBLEM_MEDIA_TYPE);
    response.send(JSON.stringify(toProblem(error, request.id)));
  }
}

/** Finds the domain error that an error of a library stands for. */
export function toDomainError(thrown: unknown): DomainError {
  if (thrown instanceof DomainError) return thrown;
  const bodyError = BODY_ERRORS[(thrown as { type?: string } | undefined)?.type ?? ''];
  if (bodyError === 'bad-request')
    return new DomainError('bad-request', 'The body is not valid JSON', { cause: thrown });
  if (bodyError) return new DomainError(bodyError, undefined, { cause: thrown });
  if (thrown instanceof URIError) return new DomainError('bad-request', 'The address is not well formed');
  const status =
    thrown instanceof HttpException ? thrown.getStatus() : Number((thrown as { status?: unknown })?.status);
  return new DomainError(BY_STATUS[status] ?? 'internal', undefined, { cause: thrown });
}
