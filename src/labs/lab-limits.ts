import type { Role } from '../accounts/principal.js';
import type { Env } from '../config/env.js';

const MINUTE_MS = 60_000;

/** When a lab that is ready now will expire. */
export function firstExpiry(env: Env, now: Date): Date {
  return new Date(now.getTime() + env.SEATRIAL_LAB_TTL_MINUTES * MINUTE_MS);
}

/** The latest time to which a lab can be extended. */
export function latestExpiry(env: Env, createdAt: Date): Date {
  return new Date(createdAt.getTime() + env.SEATRIAL_LAB_MAX_MINUTES * MINUTE_MS);
}

const LABS_PER_LEARNER = 3;

/** How many labs a user of this role may have at once. */
export function labLimit(env: Env, role: Role): number {
  return env.SEATRIAL_LABS_PER_USER ?? (role === 'learner' ? LABS_PER_LEARNER : Number.POSITIVE_INFINITY);
}
