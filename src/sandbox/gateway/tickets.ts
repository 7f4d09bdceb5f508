import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { DomainError } from '../../common/domain-error.js';

export const TICKET_HEADER = 'x-seatrial-ticket';

const scopeSchema = z.enum(['terminal', 'cluster:learner', 'cluster:grader', 'exec']);
export type TicketScope = z.output<typeof scopeSchema>;

/** What a ticket allows: one scope of one sandbox, on behalf of `subject` (an API token's or session's id). */
export interface Ticket {
  sandboxId: string;
  scope: TicketScope;
  subject: string;
}

const claimsSchema = z.object({ sandbox: z.string(), scope: scopeSchema, sub: z.string() });

/** Only the opening of a connection needs a ticket, so it can be this short. */
const LIFETIME_SECONDS = 60;
const AUDIENCE = 'seatrial-gateway';

/** A JWT (HS256) that opens connections for the next 60 seconds. `secret` is shared by all processes of the installation. */
export function signTicket(ticket: Ticket, secret: string, nowMs = Date.now()): Promise<string> {
  const now = Math.floor(nowMs / 1000);
  return new SignJWT({ sandbox: ticket.sandboxId, scope: ticket.scope })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(ticket.subject)
    .setAudience(AUDIENCE)
    .setIssuedAt(now)
    .setExpirationTime(now + LIFETIME_SECONDS)
    .sign(Buffer.from(secret, 'utf8'));
}

/** Throws `unauthenticated` for a ticket that is missing, expired, or not signed by us. */
export async function verifyTicket(
  text: string | undefined,
  secret: string,
  nowMs = Date.now(),
): Promise<Ticket> {
  try {
    const { payload } = await jwtVerify(text ?? '', Buffer.from(secret, 'utf8'), {
      algorithms: ['HS256'],
      audience: AUDIENCE,
      requiredClaims: ['exp'],
      currentDate: new Date(nowMs),
    });
    const claims = claimsSchema.parse(payload);
    return { sandboxId: claims.sandbox, scope: claims.scope, subject: claims.sub };
  } catch (cause) {
    throw new DomainError('unauthenticated', 'The ticket is missing, expired or not ours.', { cause });
  }
}
