/** Kubelet's limits for restarts and image pulls alike; pkg/kubelet/kubelet.go of Kubernetes. */
const INITIAL_MS = 10_000;
const MAX_MS = 300_000;
/** A back-off that was not used for so long starts again from the beginning. */
const RESET_AFTER_MS = 2 * MAX_MS;

/** Doubling waits after failures: none before the first retry of a container, then 10 s, 20 s … up to 5 minutes. */
export class BackOff {
  private waitMs = 0;
  private usedAtMs = 0;

  /** Milliseconds still to wait for what failed at `failedAtMs`; 0 when it may be tried now. */
  remaining(failedAtMs: number, nowMs: number): number {
    if (this.waitMs === 0 || nowMs - this.usedAtMs > RESET_AFTER_MS) return 0;
    return Math.max(0, failedAtMs + this.waitMs - nowMs);
  }

  /** Counts one more failure, which the next wait is longer for. */
  advance(nowMs: number): void {
    const expired = this.waitMs === 0 || nowMs - this.usedAtMs > RESET_AFTER_MS;
    this.waitMs = expired ? INITIAL_MS : Math.min(this.waitMs * 2, MAX_MS);
    this.usedAtMs = nowMs;
  }

  get currentMs(): number {
    return this.waitMs;
  }
}
