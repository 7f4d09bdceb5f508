import { Readable } from 'node:stream';
import type { LogOptions } from '../kubelet/node-agent.js';

/** Kubelet's `containerLogMaxSize`; older lines are dropped as they are when the file is rotated. */
const MAX_LOG_BYTES = 10 * 1024 * 1024;
/** The longest line kept whole; the container runtime splits longer ones. */
const MAX_LINE_CHARACTERS = 16 * 1024;

export interface LogLine {
  timeMs: number;
  stream: 'stdout' | 'stderr';
  text: string;
}

/** What one run of a container wrote, by lines; bounded by rotation. */
export class ContainerLog {
  private lines: LogLine[] = [];
  private bytes = 0;
  private readonly partial = { stdout: '', stderr: '' };
  private readonly followers = new Set<(line: LogLine | undefined) => void>();
  private closed = false;

  constructor(private readonly now: () => number) {}

  write(stream: 'stdout' | 'stderr', text: string): void {
    const parts = (this.partial[stream] + text).split('\n');
    let rest = parts.pop() ?? '';
    for (const part of parts) this.add(stream, part);
    while (rest.length > MAX_LINE_CHARACTERS) {
      this.add(stream, rest.slice(0, MAX_LINE_CHARACTERS));
      rest = rest.slice(MAX_LINE_CHARACTERS);
    }
    this.partial[stream] = rest;
  }

  /** No more will come: lines without an end are complete now, and readers that follow come to their end. */
  close(): void {
    if (this.closed) return;
    for (const stream of ['stdout', 'stderr'] as const)
      if (this.partial[stream] !== '') this.add(stream, this.partial[stream], false);
    this.closed = true;
    for (const follower of this.followers) follower(undefined);
    this.followers.clear();
  }

  /** The last lines, at most `maxBytes` of them, as one text. */
  tail(maxLines: number, maxBytes: number): string {
    const text = this.lines
      .slice(-maxLines)
      .map((line) => line.text)
      .join('');
    return text.slice(-maxBytes);
  }

  /** The lines that `options` asks for, and with `follow` those to come until the container ends or `signal` aborts. */
  read(options: LogOptions, signal: AbortSignal): Readable {
    const since = options.sinceTime ?? 0;
    let selected = this.lines.filter((line) => line.timeMs >= since);
    if (options.tailLines !== undefined)
      selected = options.tailLines === 0 ? [] : selected.slice(-options.tailLines);
    let budget = options.limitBytes ?? Number.POSITIVE_INFINITY;
    const output = new Readable({ read() {} });
    const push = (line: LogLine) => {
      const bytes = Buffer.from(
        options.timestamps ? `${nanoTimestamp(line.timeMs)} ${line.text}` : line.text,
      );
      output.push(bytes.length > budget ? bytes.subarray(0, budget) : bytes);
      budget -= bytes.length;
      if (budget <= 0) end();
    };
    const follower = (line: LogLine | undefined) => (line ? push(line) : end());
    const end = () => {
      this.followers.delete(follower);
      if (!output.readableEnded) output.push(null);
    };
    for (const line of selected) if (budget > 0) push(line);
    if (budget <= 0) return output;
    if (!options.follow || this.closed) end();
    else {
      this.followers.add(follower);
      signal.addEventListener('abort', end, { once: true });
      output.once('close', end);
    }
    return output;
  }

  private add(stream: 'stdout' | 'stderr', text: string, ended = true): void {
    const line = { timeMs: this.now(), stream, text: ended ? `${text}\n` : text };
    this.lines.push(line);
    this.bytes += line.text.length;
    if (this.bytes > MAX_LOG_BYTES) this.rotate();
    for (const follower of this.followers) follower(line);
  }

  private rotate(): void {
    this.lines = this.lines.slice(Math.ceil(this.lines.length / 2));
    this.bytes = this.lines.reduce((sum, line) => sum + line.text.length, 0);
  }
}

/** RFC 3339 with nanoseconds, as the runtime stamps each line. */
function nanoTimestamp(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('Z', '000000Z');
}
