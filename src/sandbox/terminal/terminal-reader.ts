import type { Scrollback } from './scrollback.js';

/** Where the output of a terminal goes, e.g. a websocket. No method throws. */
export interface TerminalSink {
  /** Comes first: the position of the first byte that follows. */
  hello(position: number): void;
  /** `sent` is to be called when the bytes have left this process. */
  send(bytes: Buffer, sent: () => void): void;
  /** The program has ended and all its output was sent. */
  exit(exitCode: number): void;
  /** Nothing more will come. */
  drop(reason: string): void;
}

/** What may be on its way to one reader; the rest waits in the scrollback, which all readers share. */
const IN_FLIGHT_BYTES = 128 * 1024;
const CHUNK_BYTES = 64 * 1024;

/** One reader of a terminal: its position, and how much it was given that has not left yet. */
export class TerminalReader {
  private inFlightBytes = 0;
  private exitCode: number | undefined;
  private stopped = false;
  /** `performance.now()` of the last time that it took something. */
  lastProgressAt = performance.now();

  constructor(
    private readonly sink: TerminalSink,
    private readonly scrollback: Scrollback,
    private position: number,
    private readonly onProgress: () => void,
  ) {}

  get unsentBytes(): number {
    return this.scrollback.end - this.position + this.inFlightBytes;
  }

  start(): void {
    this.sink.hello(this.position);
    this.pump();
  }

  /** Sends as much as may be on its way. */
  pump(): void {
    while (!this.stopped && this.position < this.scrollback.end && this.inFlightBytes < IN_FLIGHT_BYTES) {
      const bytes = this.scrollback.read(this.position, CHUNK_BYTES);
      this.position += bytes.length;
      this.inFlightBytes += bytes.length;
      this.sink.send(bytes, () => this.noteSent(bytes.length));
    }
    if (this.exitCode !== undefined && this.unsentBytes === 0 && !this.stopped) {
      this.stopped = true;
      this.sink.exit(this.exitCode);
    }
  }

  /** Tells the exit code once everything before it was sent. */
  finish(exitCode: number): void {
    this.exitCode = exitCode;
    this.pump();
  }

  drop(reason: string): void {
    if (this.stopped) return;
    this.stopped = true;
    this.sink.drop(reason);
  }

  stop(): void {
    this.stopped = true;
  }

  private noteSent(bytes: number): void {
    this.inFlightBytes -= bytes;
    this.lastProgressAt = performance.now();
    if (this.stopped) return;
    this.pump();
    this.onProgress();
  }
}
