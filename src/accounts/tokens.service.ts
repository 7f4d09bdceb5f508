import { Injectable } from '@nestjs/common';
import { Database } from '../common/database/database.js';
import type { ApiToken } from '../common/database/generated/client.js';
import { DomainError } from '../common/domain-error.js';
import { isId, newId } from '../common/new-id.js';
import { hashCredential, newToken } from './credentials.js';
import { Revocations } from './revocations.js';

const DAY_MS = 24 * 3_600_000;
/** The row of the token that the settings name. */
const SETTINGS_TOKEN_ID = 'settings';

/** API tokens: made, listed and revoked by their owner. */
@Injectable()
export class TokensService {
  constructor(
    private readonly database: Database,
    private readonly revocations: Revocations,
  ) {}

  /** Makes a token; `token` in the answer is the only copy there will ever be. */
  async create(
    userId: string,
    options: { name: string; expiresInDays?: number | undefined },
  ): Promise<ApiToken & { token: string }> {
    const token = newToken();
    const expiresAt = options.expiresInDays ? new Date(Date.now() + options.expiresInDays * DAY_MS) : null;
    const row = await this.database.apiToken.create({
      data: { id: newId(), userId, name: options.name, hash: hashCredential(token), expiresAt },
    });
    return { ...row, token };
  }

  /** The user's tokens that are not revoked, oldest first. */
  async list(userId: string): Promise<ApiToken[]> {
    return this.database.apiToken.findMany({
      where: { userId, revokedAt: null },
      orderBy: { createdAt: 'asc' },
    });
  }

  /** Ends a token for good and closes what it opened. Throws `not-found`. */
  async revoke(userId: string, id: string): Promise<void> {
    if (!isId(id) && id !== SETTINGS_TOKEN_ID) throw new DomainError('not-found');
    const revoked = await this.database.apiToken.updateMany({
      where: { id, userId, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    if (revoked.count === 0) throw new DomainError('not-found');
    await this.revocations.announce(`token:${id}`);
  }

  /** Makes the token of the settings this user's; a former one, or none, is forgotten. */
  async adoptSettingsToken(userId: string, token: string | undefined): Promise<void> {
    const hash = token && hashCredential(token);
    await this.database.apiToken.deleteMany({
      where: { id: SETTINGS_TOKEN_ID, ...(hash ? { NOT: { hash } } : {}) },
    });
    if (!hash) return;
    await this.database.apiToken.upsert({
      where: { hash },
      create: { id: SETTINGS_TOKEN_ID, userId, name: 'SEATRIAL_ADMIN_TOKEN', hash },
      update: { userId, revokedAt: null, expiresAt: null },
    });
  }
}
