import type { ShellCommand } from '../shell/shell.js';
import { type Pty, spawnPty, type TerminalSize } from './pty.js';
import { Scrollback } from './scrollback.js';
import { TerminalReader, type TerminalSink } from './terminal-reader.js';

const SCROLLBACK_BYTES = 1024 ** 2;
/** A reader with more than this ahead of it holds the program back. */
const HOLD_BACK_BYTES = 256 * 1024;
/** Output of a busy program is sent this often; that of an idle one at once. */
const BATCH_MS = 4;
/** How long a reader that takes nothing may hold the program back: shorter while it does so to others as well. */
const STALL_ALONE_MS = 30_000;
const STALL_WITH_OTHERS_MS = 1_000;

/**
 * One numbered terminal of a sandbox: a program on a pseudo-terminal, the last megabyte that it printed, and any number of
 * readers, each at its own position. A reader that is slow slows the program down rather than losing output or costing
 * memory; one that stands still is dropped and can come back for the rest. Positions go on when the program is started anew.
 */
export class Terminal {
  private readonly scrollback = new Scrollback(SCROLLBACK_BYTES);
  private readonly readers = new Set<TerminalReader>();
  private pty: Pty | undefined;
  private starting: Promise<void> | undefined;
  private size: TerminalSize = { columns: 80, rows: 24 };
  private batch: NodeJS.Timeout | undefined;
  private lastFlushAt = 0;
  private stallCheck: NodeJS.Timeout | undefined;
  private paused = false;

  /** `command` is asked for at every start of the program: the shell may have been restarted in between. */
  constructor(private readonly command: () => Promise<ShellCommand>) {}

  get isRunning(): boolean {
    return this.pty !== undefined;
  }

  get readerCount(): number {
    return this.readers.size;
  }

  /** Starts the program unless it runs. */
  async start(): Promise<void> {
    if (this.pty) return;
    this.starting ??= this.launch().finally(() => {
      this.starting = undefined;
    });
    await this.starting;
  }

  /**
   * Adds a reader that has everything before `after` (nothing when absent); all that follows is sent to `sink`, beginning
   * with its position. Returns what takes the reader away again.
   */
  attach(sink: TerminalSink, after?: number): () => void {
    const reader = new TerminalReader(sink, this.scrollback, this.scrollback.resumeAt(after), () =>
      this.regulate(),
    );
    this.readers.add(reader);
    this.forgetStallCheck();
    reader.start();
    this.regulate();
    return () => this.detach(reader);
  }

  /** Types `bytes`; `written` is called when the program's side has room for more. */
  write(bytes: Buffer, written: () => void = () => undefined): void {
    if (this.pty) this.pty.write(bytes, written);
    else written();
  }

  /** Prints `text` as if the program had. */
  show(text: string): void {
    this.take(Buffer.from(text, 'utf8'));
  }

  resize(size: TerminalSize): void {
    this.size = size;
    this.pty?.resize(size);
  }

  /** Ends the program, as closing its window would, and drops all readers with `reason`. */
  close(reason: string): void {
    for (const reader of [...this.readers]) {
      reader.drop(reason);
      this.detach(reader);
    }
    this.pty?.hangUp();
  }

  private async launch(): Promise<void> {
    this.pty = spawnPty(await this.command(), this.size, {
      onData: (bytes) => this.take(bytes),
      onExit: (exitCode) => this.end(exitCode),
    });
    this.paused = false;
    this.regulate();
  }

  private take(bytes: Buffer): void {
    this.scrollback.append(bytes);
    if (this.batch) return;
    const idleMs = performance.now() - this.lastFlushAt;
    if (idleMs >= BATCH_MS) this.flush();
    else this.batch = setTimeout(() => this.flush(), BATCH_MS - idleMs);
  }

  private flush(): void {
    clearTimeout(this.batch);
    this.batch = undefined;
    this.lastFlushAt = performance.now();
    for (const reader of this.readers) reader.pump();
    this.regulate();
  }

  /** Holds the program back while any reader is far behind, and drops those that stand still meanwhile. */
  private regulate(): void {
    const behind = [...this.readers].filter((reader) => reader.unsentBytes > HOLD_BACK_BYTES);
    if (behind.length > 0 !== this.paused) {
      this.paused = !this.paused;
      if (this.paused) this.pty?.pause();
      else this.pty?.resume();
    }
    if (behind.length === 0) {
      this.forgetStallCheck();
      return;
    }
    const patienceMs = this.readers.size > 1 ? STALL_WITH_OTHERS_MS : STALL_ALONE_MS;
    this.stallCheck ??= setTimeout(() => this.dropStalled(patienceMs), patienceMs).unref();
  }

  private forgetStallCheck(): void {
    clearTimeout(this.stallCheck);
    this.stallCheck = undefined;
  }

  private dropStalled(patienceMs: number): void {
    this.stallCheck = undefined;
    const now = performance.now();
    for (const reader of [...this.readers]) {
      if (reader.unsentBytes <= HOLD_BACK_BYTES || now - reader.lastProgressAt < patienceMs) continue;
      reader.drop('too-slow');
      this.readers.delete(reader);
    }
    this.regulate();
  }

  private detach(reader: TerminalReader): void {
    reader.stop();
    this.readers.delete(reader);
    this.regulate();
  }

  private end(exitCode: number): void {
    this.pty = undefined;
    this.flush();
    for (const reader of this.readers) reader.finish(exitCode);
  }
}
