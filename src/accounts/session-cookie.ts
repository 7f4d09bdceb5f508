import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import type { Secret } from '../common/secret.js';

const NAME = 'seatrial_session';
const PURPOSE = 'session-cookie';

/** The session's id in the cookie of a request, when the signature is ours. */
export function readSessionCookie(request: IncomingMessage, secret: Secret): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value = ''] = part.trim().split('=', 2);
    if (name !== NAME) continue;
    const [id = '', signature = ''] = value.split('.', 2);
    if (secret.verify(PURPOSE, id, signature)) return id;
  }
  return undefined;
}

/** Puts the signed cookie into an answer: not readable by scripts, not sent along from other sites' forms. */
export function writeSessionCookie(
  response: Response,
  secret: Secret,
  session: { id: string; expiresAt: Date },
  secure: boolean,
): void {
  response.cookie(NAME, `${session.id}.${secret.sign(PURPOSE, session.id)}`, {
    httpOnly: true,
    sameSite: 'lax',
    secure,
    path: '/',
    expires: session.expiresAt,
  });
}

export function clearSessionCookie(response: Response): void {
  response.clearCookie(NAME, { httpOnly: true, sameSite: 'lax', path: '/' });
}
