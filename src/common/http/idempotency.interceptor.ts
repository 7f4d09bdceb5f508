import { createHash } from 'node:crypto';
import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { Database } from '../database/database.js';
import { DomainError } from '../domain-error.js';
import { Secret } from '../secret.js';

const PURPOSE = 'idempotent-answers';
const WAIT_FOR_FIRST_MS = 5_000;
const POLL_MS = 50;
/** A first request that has not answered by then died with its process; the next one takes its place. */
const ABANDONED_AFTER_MS = 60_000;

/**
 * Lets a client repeat a POST safely: the same `Idempotency-Key` by the same user gives the first answer again. Another
 * request under a used key is `idempotency-conflict`; a repetition while the first one runs waits for it, at most 5 s,
 * then `idempotency-in-progress`. Only success is kept: after an error the key is free. Keys are kept for a day.
 */
export function Idempotent(): MethodDecorator {
  return applyDecorators(
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'Makes a repeated request safe; up to 200 characters.',
    }),
  );
}

type Caller = Request & { principal?: { userId: string } };

@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly database: Database,
    private readonly secret: Secret,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Caller>();
    const key = readKey(request);
    if (key === undefined || !request.principal) return next.handle();
    const response = context.switchToHttp().getResponse<Response>();
    return from(this.answerOnce({ userId: request.principal.userId, key }, hashOf(request), response, next));
  }

  private async answerOnce(
    id: { userId: string; key: string },
    requestHash: string,
    response: Response,
    next: CallHandler,
  ): Promise<unknown> {
    const deadline = Date.now() + WAIT_FOR_FIRST_MS;
    while (!(await this.claim(id, requestHash))) {
      const first = await this.database.idempotentRequest.findUnique({ where: { userId_key: id } });
      if (!first) continue;
      if (first.requestHash !== requestHash) throw new DomainError('idempotency-conflict');
      if (first.status !== null && first.sealedBody !== null) {
        response.status(first.status);
        if (first.location) response.location(first.location);
        response.setHeader('Idempotent-Replayed', 'true');
        return JSON.parse(this.secret.unseal(PURPOSE, first.sealedBody));
      }
      if (Date.now() > deadline) throw new DomainError('idempotency-in-progress');
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return this.answerFirst(id, response, next);
  }

  private async answerFirst(
    id: { userId: string; key: string },
    response: Response,
    next: CallHandler,
  ): Promise<unknown> {
    try {
      const body: unknown = await lastValueFrom(next.handle(), { defaultValue: null });
      const location = response.getHeader('Location');
      await this.database.idempotentRequest.update({
        where: { userId_key: id },
        data: {
          status: response.statusCode,
          sealedBody: this.secret.seal(PURPOSE, JSON.stringify(body)),
          ...(typeof location === 'string' ? { location } : {}),
        },
      });
      return body;
    } catch (error) {
      await this.database.idempotentRequest.deleteMany({ where: { ...id, status: null } });
      throw error;
    }
  }

  /** True for exactly one of all requests with this key. */
  private async claim(id: { userId: string; key: string }, requestHash: string): Promise<boolean> {
    const claimed = await this.database.idempotentRequest.createMany({
      data: [{ ...id, requestHash }],
      skipDuplicates: true,
    });
    if (claimed.count === 1) return true;
    const takenOver = await this.database.idempotentRequest.updateMany({
      where: {
        ...id,
        requestHash,
        status: null,
        createdAt: { lt: new Date(Date.now() - ABANDONED_AFTER_MS) },
      },
      data: { createdAt: new Date() },
    });
    return takenOver.count === 1;
  }
}

function readKey(request: Request): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw new DomainError('bad-request', 'An Idempotency-Key has 1 to 200 visible ASCII characters', {
    errors: [{ path: 'Idempotency-Key', message: 'must have 1 to 200 visible ASCII characters' }],
  });
}

function hashOf(request: Request): string {
  return createHash('sha256')
    .update(`${request.method} ${request.path} ${JSON.stringify(request.body ?? null)}`)
    .digest('hex');
}
