import { Injectable } from '@nestjs/common';
import { Database } from '../common/database/database.js';
import type { Session, User } from '../common/database/generated/client.js';
import { DomainError } from '../common/domain-error.js';
import { newId } from '../common/new-id.js';
import { AuthenticationService } from './authentication.service.js';
import { hashCredential, newSignInCode } from './credentials.js';
import { Revocations } from './revocations.js';

const SESSION_LIFE_MS = 30 * 24 * 3_600_000;
const CODE_LIFE_MS = 7 * 24 * 3_600_000;

/** Sessions of browsers, and the one-time codes that begin them. */
@Injectable()
export class SignInService {
  constructor(
    private readonly database: Database,
    private readonly authentication: AuthenticationService,
    private readonly revocations: Revocations,
  ) {}

  /** Makes a code that signs this user in once, within a week. */
  async createCode(userId: string): Promise<{ code: string; expiresAt: Date }> {
    const code = newSignInCode();
    const expiresAt = new Date(Date.now() + CODE_LIFE_MS);
    await this.database.signInCode.create({ data: { hash: hashCredential(code), userId, expiresAt } });
    return { code, expiresAt };
  }

  /** Begins a session for a one-time code or an API token. Throws `unauthenticated`. */
  async signIn(credential: {
    code?: string | undefined;
    token?: string | undefined;
  }): Promise<Session & { user: User }> {
    const userId =
      credential.code === undefined
        ? (await this.authentication.byToken(credential.token ?? '')).userId
        : await this.redeemCode(credential.code);
    return this.database.session.create({
      data: { id: newId(), userId, expiresAt: new Date(Date.now() + SESSION_LIFE_MS) },
      include: { user: true },
    });
  }

  /** Ends the session of a subject `session:ID`; any other subject has none. */
  async signOut(subject: string): Promise<void> {
    const [kind, id = ''] = subject.split(':');
    if (kind !== 'session') return;
    await this.database.session.updateMany({
      where: { id, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    await this.revocations.announce(subject);
  }

  private async redeemCode(code: string): Promise<string> {
    const now = new Date();
    const hash = hashCredential(code);
    const redeemed = await this.database.signInCode.updateMany({
      where: { hash, usedAt: null, expiresAt: { gt: now } },
      data: { usedAt: now },
    });
    const row = redeemed.count === 1 ? await this.database.signInCode.findUnique({ where: { hash } }) : null;
    if (!row) throw new DomainError('unauthenticated', 'The sign-in link was used already or is too old');
    return row.userId;
  }
}
