import { createHash, randomBytes } from 'node:crypto';

/** A fresh API token: `st_` and 32 random bytes in base64url. */
export function newToken(): string {
  return `st_${randomBytes(32).toString('base64url')}`;
}

/** A fresh one-time code of a sign-in link: 24 random bytes in base64url. */
export function newSignInCode(): string {
  return randomBytes(24).toString('base64url');
}

/**
 * What is stored of a token or code. A plain SHA-256 is enough, because there is nothing to guess: unlike passwords they
 * hold 192 random bits or more (OWASP Password Storage Cheat Sheet is about low-entropy secrets).
 */
export function hashCredential(credential: string): string {
  return createHash('sha256').update(credential).digest('hex');
}
