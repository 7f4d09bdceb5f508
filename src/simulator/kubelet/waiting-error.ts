/** Why a container cannot start now: `state.waiting` of its status, and when the kubelet tries again. */
export class WaitingError extends Error {
  constructor(
    readonly reason: string,
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
    this.name = 'WaitingError';
  }
}

/** After this long a pod that could not be synchronized is tried again, as kubelet's pod workers do. */
export const RETRY_AFTER_MS = 10_000;
