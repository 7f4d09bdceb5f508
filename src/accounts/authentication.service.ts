import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../common/database/database.js';
import { DomainError } from '../common/domain-error.js';
import { Secret } from '../common/secret.js';
import { ENV } from '../config/config.module.js';
import type { Env } from '../config/env.js';
import { hashCredential } from './credentials.js';
import { comesFromOwnPage, isReading } from './origin-check.js';
import type { Principal } from './principal.js';
import { readSessionCookie } from './session-cookie.js';

/** How exactly "last used" is kept: writing it with every request would be a write for every read. */
const LAST_USED_PRECISION_MS = 60_000;

/** Finds out who sent a request: by `Authorization: Bearer TOKEN`, else by the page's cookie. */
@Injectable()
export class AuthenticationService {
  constructor(
    private readonly database: Database,
    private readonly secret: Secret,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * Resolves to the caller, or to nothing when the request carries no credential. Throws `unauthenticated` for a wrong,
   * expired or revoked one, `forbidden` for a cookie that another site's page made the browser send. A websocket counts
   * as a change: its opening request is a GET, but what follows is not only reading.
   */
  async authenticate(request: IncomingMessage): Promise<Principal | undefined> {
    const header = request.headers.authorization;
    if (header !== undefined) return this.byToken(/^Bearer +(\S+)$/i.exec(header)?.[1] ?? '');
    const sessionId = readSessionCookie(request, this.secret);
    if (sessionId === undefined) return undefined;
    const changes = !isReading(request.method) || request.headers.upgrade !== undefined;
    if (changes && !comesFromOwnPage(request, this.env.SEATRIAL_PUBLIC_URL)) {
      throw new DomainError('forbidden', 'This call does not come from our own page');
    }
    return this.bySession(sessionId);
  }

  /** The owner of an API token. Throws `unauthenticated`. */
  async byToken(token: string): Promise<Principal> {
    const now = new Date();
    const found = await this.database.apiToken.findUnique({
      where: { hash: hashCredential(token) },
      include: { user: true },
    });
    if (!found || found.revokedAt || (found.expiresAt && found.expiresAt <= now)) {
      throw new DomainError('unauthenticated', 'The token is not valid');
    }
    if (!found.lastUsedAt || now.getTime() - found.lastUsedAt.getTime() > LAST_USED_PRECISION_MS) {
      await this.database.apiToken.updateMany({ where: { id: found.id }, data: { lastUsedAt: now } });
    }
    return {
      userId: found.userId,
      name: found.user.name,
      role: found.user.role,
      subject: `token:${found.id}`,
    };
  }

  private async bySession(id: string): Promise<Principal> {
    const found = await this.database.session.findUnique({ where: { id }, include: { user: true } });
    if (!found || found.revokedAt || found.expiresAt <= new Date()) {
      throw new DomainError('unauthenticated', 'The session has ended');
    }
    return {
      userId: found.userId,
      name: found.user.name,
      role: found.user.role,
      subject: `session:${found.id}`,
    };
  }
}
