import type { Clock, Timer } from '../clock/clock.js';
import { hasReason } from './shared/error-reason.js';

/** What `reconcile` may answer: look at this key again after so many milliseconds, whatever happens until then. */
export type RequeueAfterMs = number | undefined;

export interface WorkQueueOptions {
  clock: Clock;
  reconcile: (key: string) => Promise<RequeueAfterMs>;
  /** Keys worked on at once; the real controllers' default. */
  concurrency?: number;
  onError?: (error: unknown, key: string) => void;
}

const DEFAULT_CONCURRENCY = 5;

/** client-go's default item back-off: https://pkg.go.dev/k8s.io/client-go/util/workqueue#DefaultTypedControllerRateLimiter */
const BASE_BACKOFF_MS = 5;
const MAX_BACKOFF_MS = 1_000_000;

/** After so many lost races in a row a key waits its turn like after any other failure. */
const FREE_CONFLICTS = 3;

/** How long one turn may hold the process before other work is let through. */
const TURN_MS = 10;

/**
 * Keys to reconcile. A key waits at most once however often it is added, is never worked on twice at once, and comes back
 * after failures with exponential back-off. Work starts in a timer of the cluster's clock that is due now: a burst of
 * changes is one reconcile, and time that is moved forward waits for what is due at the current instant.
 */
export class WorkQueue {
  private readonly waiting = new Set<string>();
  private readonly running = new Set<string>();
  private readonly failures = new Map<string, number>();
  private readonly delayed = new Map<string, { dueAt: number; timer: Timer }>();
  private turn: Timer | undefined;
  private stopped = false;

  constructor(private readonly options: WorkQueueOptions) {}

  add(key: string): void {
    if (this.stopped) return;
    this.waiting.add(key);
    this.turn ??= this.options.clock.schedule(0, () => this.takeTurn());
  }

  /** Adds the key after this delay; of several delays the shortest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.stopped) return;
    const dueAt = this.options.clock.now() + delayMs;
    const earlier = this.delayed.get(key);
    if (earlier && earlier.dueAt <= dueAt) return;
    earlier?.timer.cancel();
    const timer = this.options.clock.schedule(delayMs, () => {
      this.delayed.delete(key);
      this.add(key);
    });
    this.delayed.set(key, { dueAt, timer });
  }

  stop(): void {
    this.stopped = true;
    this.turn?.cancel();
    for (const { timer } of this.delayed.values()) timer.cancel();
    this.waiting.clear();
    this.delayed.clear();
  }

  private takeTurn(): void {
    this.turn = undefined;
    this.startMore(performance.now() + TURN_MS);
  }

  private startMore(turnEndsAt: number): void {
    const { clock, concurrency = DEFAULT_CONCURRENCY } = this.options;
    for (const key of this.waiting) {
      if (this.running.size >= concurrency) return;
      if (this.running.has(key)) continue;
      if (performance.now() > turnEndsAt) {
        this.turn ??= clock.schedule(0, () => this.takeTurn());
        return;
      }
      this.waiting.delete(key);
      this.running.add(key);
      void this.run(key).finally(() => {
        this.running.delete(key);
        if (!this.stopped) this.startMore(turnEndsAt);
      });
    }
  }

  private async run(key: string): Promise<void> {
    try {
      const requeueAfterMs = await this.options.reconcile(key);
      this.failures.delete(key);
      if (requeueAfterMs !== undefined) this.addAfter(key, requeueAfterMs);
    } catch (error) {
      this.comeBack(key, error);
    }
  }

  private comeBack(key: string, error: unknown): void {
    if (this.stopped) return;
    const failures = this.failures.get(key) ?? 0;
    this.failures.set(key, failures + 1);
    const conflict = hasReason(error, 'Conflict');
    if (!conflict) this.options.onError?.(error, key);
    if (conflict && failures < FREE_CONFLICTS) this.add(key);
    else this.addAfter(key, Math.min(BASE_BACKOFF_MS * 2 ** failures, MAX_BACKOFF_MS));
  }
}
