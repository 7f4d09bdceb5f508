import type { ApiToken, User } from '../common/database/generated/client.js';

/** A user as the API shows it. */
export function showUser({ id, name, role, createdAt }: User) {
  return { id, name, role, createdAt: createdAt.toISOString() };
}

/** A token as the API shows it: never its hash. */
export function showToken(token: ApiToken) {
  return {
    id: token.id,
    name: token.name,
    createdAt: token.createdAt.toISOString(),
    lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
    expiresAt: token.expiresAt?.toISOString() ?? null,
  };
}
