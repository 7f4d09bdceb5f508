import type { Clock, Timer } from './clock.js';
import { TimerHeap } from './timer-heap.js';

/** Longer waits than this are split: Node fires timers beyond 2^31 ms at once. */
const MAX_WAIT_MS = 2 ** 30;

export interface ClusterClockOptions {
  /** `fast` jumps to the next timer whenever the cluster is idle; `real` waits for it. */
  mode?: 'real' | 'fast';
  /** How far ahead of the machine's clock the cluster starts, ms: what an earlier life of it was advanced by. */
  offsetMs?: number;
}

/**
 * Real time plus an offset. Timers live in one heap served by one unreferenced Node timer, so an idle cluster wakes the
 * process only for its next timer and never keeps it alive. Timers run in the order of their due times, those of the same
 * instant in the order in which they were scheduled.
 */
export class ClusterClock implements Clock {
  private readonly timers = new TimerHeap();
  private readonly mode: 'real' | 'fast';
  private offset: number;
  /** While timers are run by `advance`, the instant that the cluster believes it is. */
  private heldAt: number | undefined;
  private wakeUp: NodeJS.Timeout | undefined;
  private advancing: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(options: ClusterClockOptions = {}) {
    this.mode = options.mode ?? 'real';
    this.offset = options.offsetMs ?? 0;
  }

  /** How far the cluster is ahead of the machine's clock, ms. */
  get offsetMs(): number {
    return this.offset;
  }

  now(): number {
    return this.heldAt ?? Date.now() + this.offset;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const timer = this.timers.add(this.now() + Math.max(0, delayMs), callback);
    if (this.heldAt === undefined && this.timers.first === timer) this.arm();
    return { cancel: () => this.timers.remove(timer) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        timer.cancel();
        reject(signal?.reason);
      };
      const timer = this.schedule(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /**
   * Moves the clock forward. Every timer due on the way runs at its own instant and in order; what it set off in promises
   * and I/O callbacks settles before the next one runs. Calls queue up. Resolves when the clock stands at the new time.
   */
  advance(byMs: number): Promise<void> {
    this.advancing = this.advancing.then(() => this.runUntil(this.now() + Math.max(0, byMs)));
    return this.advancing;
  }

  /** Forgets all timers; nothing runs any more. */
  close(): void {
    this.closed = true;
    this.timers.clear();
    clearTimeout(this.wakeUp);
  }

  private async runUntil(target: number): Promise<void> {
    clearTimeout(this.wakeUp);
    this.heldAt = this.now();
    await settle();
    for (let timer = this.timers.first; timer && timer.dueAt <= target; timer = this.timers.first) {
      this.heldAt = Math.max(this.heldAt, timer.dueAt);
      this.timers.remove(timer);
      timer.callback();
      if (this.timers.first?.dueAt !== this.heldAt) await settle();
    }
    this.offset = target - Date.now();
    this.heldAt = undefined;
    this.arm();
  }

  private arm(): void {
    clearTimeout(this.wakeUp);
    const next = this.timers.first;
    if (!next || this.closed) return;
    const waitMs = this.mode === 'fast' ? 0 : Math.max(0, next.dueAt - this.now());
    this.wakeUp = setTimeout(() => this.wake(), Math.min(waitMs, MAX_WAIT_MS));
    this.wakeUp.unref();
  }

  private wake(): void {
    if (this.heldAt !== undefined) return;
    const next = this.timers.first;
    if (this.mode === 'fast' && next && next.dueAt > this.now()) {
      void this.advance(next.dueAt - this.now());
      return;
    }
    const now = this.now();
    for (let timer = this.timers.first; timer && timer.dueAt <= now; timer = this.timers.first) {
      this.timers.remove(timer);
      timer.callback();
    }
    this.arm();
  }
}

/** A few turns of the event loop: promises, I/O callbacks that are ready, and what those start. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
