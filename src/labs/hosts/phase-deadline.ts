import { DomainError } from '../../common/domain-error.js';

/** How long one phase of making a cluster may take, by driver; the kind command has to pull an image at worst. */
const LONGEST_PHASE_MS: Record<string, number> = { simulated: 20_000, kind: 420_000 };
const DEFAULT_MS = 120_000;
/** The scenario's own setup. Its waits have limits of their own. */
export const LONGEST_SETUP_MS = 180_000;

/** Longest duration of a phase, in milliseconds. */
export function longestPhaseMs(phase: string, driver: string): number {
  if (phase === 'setup') return LONGEST_SETUP_MS;
  return LONGEST_PHASE_MS[driver] ?? DEFAULT_MS;
}

/** A deadline that each phase sets anew. When one takes too long, `signal` aborts with `provision-timeout` naming it. */
export class PhaseDeadline {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  begin(phase: string, longestMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const detail = `${phase} took longer than ${Math.round(longestMs / 1000)} s`;
      this.controller.abort(new DomainError('provision-timeout', detail));
    }, longestMs);
  }

  /** Ends the work before its time, with this reason. */
  abort(reason: DomainError): void {
    this.controller.abort(reason);
  }

  clear(): void {
    clearTimeout(this.timer);
  }
}
