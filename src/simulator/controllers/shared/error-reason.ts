import { ApiError } from '../../apiserver/api-error.js';

/** Whether the API server refused with this reason, e.g. `NotFound`, `Conflict`, `AlreadyExists`. */
export function hasReason(error: unknown, reason: string): boolean {
  return error instanceof ApiError && error.reason === reason;
}

/** Waits for a write whose object may be gone by now, which is as good as done. */
export async function unlessGone<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (error) {
    if (hasReason(error, 'NotFound')) return undefined;
    throw error;
  }
}
