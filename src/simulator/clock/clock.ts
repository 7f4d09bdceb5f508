/** A pending call that `cancel` takes back; cancelling twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The one source of time of a cluster. Controllers, probes, back-offs, cron schedules, certificates and containers'
 * `sleep` all use it and nothing else, so that time can be moved forward. Times are milliseconds since the Unix epoch.
 */
export interface Clock {
  now(): number;
  /** Runs `callback` once, `delayMs` of cluster time from now. */
  schedule(delayMs: number, callback: () => void): Timer;
  /** Resolves after `delayMs` of cluster time; rejects with the signal's reason when aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** The cluster time as Kubernetes' `Time`: RFC 3339, whole seconds, UTC. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** The cluster time as Kubernetes' `MicroTime`: RFC 3339 with six decimals, UTC. */
export function microTimestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace('Z', '000Z');
}
