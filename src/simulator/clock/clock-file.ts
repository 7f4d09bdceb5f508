import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Remembers how far a cluster's clock was moved, so that it does not go back when the cluster starts again. */
export class ClockFile {
  private readonly path: string | undefined;

  constructor(dataDirectory: string | undefined) {
    if (dataDirectory === undefined) return;
    mkdirSync(dataDirectory, { recursive: true });
    this.path = join(dataDirectory, 'clock.json');
  }

  /** Milliseconds; 0 when nothing was remembered. */
  read(): number {
    if (this.path === undefined) return 0;
    try {
      const { offsetMs } = JSON.parse(readFileSync(this.path, 'utf8')) as { offsetMs?: unknown };
      return typeof offsetMs === 'number' && Number.isFinite(offsetMs) ? offsetMs : 0;
    } catch {
      return 0;
    }
  }

  write(offsetMs: number): void {
    if (this.path === undefined) return;
    writeFileSync(`${this.path}.new`, JSON.stringify({ offsetMs }));
    renameSync(`${this.path}.new`, this.path);
  }
}
