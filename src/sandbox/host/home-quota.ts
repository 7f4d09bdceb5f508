import { type FolderSize, measureFolder } from '../shell/folder-size.js';

export interface HomeLimits {
  homeBytes: number;
  homeEntries: number;
}

const SHORTEST_PAUSE_MS = 2_000;
/** A home with many files takes long to measure; this keeps it to a twentieth of the time. */
const PAUSE_PER_MEASURING = 20;
/** How far a home that is too big may still grow before its owner is stopped again: room to tidy up. */
const ROOM = { bytes: 4 * 1024 ** 2, entries: 200 };

/** A home of more than this many times its limit loses what was written since it was within it. */
const MOST_TIMES_FULL = 2;

/**
 * Watches the size of a home, since a plain folder has no limit of its own. Calls `onFull` when it has become too big, and
 * again whenever it then grows on; a home that shrinks is left alone. `overflowedSince` is set when a home is so far beyond
 * its limit that the growth has to go: to when it was last seen within it.
 */
export class HomeQuota {
  private timer: NodeJS.Timeout | undefined;
  private allowed: FolderSize;
  private lastFineAt = new Date();

  constructor(
    private readonly home: string,
    private readonly limits: HomeLimits,
    private readonly onFull: (overflowedSince: Date | undefined) => void,
  ) {
    this.allowed = { bytes: limits.homeBytes, entries: limits.homeEntries };
  }

  /** Begins to watch, unless it does already. */
  start(): void {
    this.timer ??= setTimeout(() => void this.watch(), SHORTEST_PAUSE_MS).unref();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** Measures once. */
  async check(): Promise<void> {
    const startedAt = new Date();
    const size = await measureFolder(this.home, 2 * this.allowed.entries);
    const isFull = size.bytes > this.allowed.bytes || size.entries > this.allowed.entries;
    const { homeBytes, homeEntries } = this.limits;
    if (size.bytes <= homeBytes && size.entries <= homeEntries) this.lastFineAt = startedAt;
    const times = Math.max(size.bytes / homeBytes, size.entries / homeEntries);
    this.allowed = {
      bytes: Math.max(homeBytes, size.bytes > homeBytes ? size.bytes + ROOM.bytes : 0),
      entries: Math.max(homeEntries, size.entries > homeEntries ? size.entries + ROOM.entries : 0),
    };
    if (isFull) this.onFull(times > MOST_TIMES_FULL ? this.lastFineAt : undefined);
  }

  private async watch(): Promise<void> {
    const startedAt = performance.now();
    await this.check();
    const pauseMs = Math.max(SHORTEST_PAUSE_MS, PAUSE_PER_MEASURING * (performance.now() - startedAt));
    this.timer = setTimeout(() => void this.watch(), pauseMs).unref();
  }
}
