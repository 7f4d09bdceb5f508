import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, readStartTime } from './process-liveness.js';

/**
 * Says which process started an embedded service and so must stop it. Several processes may share one data folder: the
 * first one starts the service, the others use it. When the owner was killed, the next process that starts inherits.
 */
export class Ownership {
  private readonly file: string;

  constructor(directory: string) {
    this.file = join(directory, 'owner');
  }

  /** True when another living process owns the service. */
  async isTaken(): Promise<boolean> {
    const [pid, startTime] = (await readFile(this.file, 'utf8').catch(() => '')).split(' ');
    if (!pid || Number(pid) === process.pid || !(await isRunning(Number(pid)))) return false;
    return (await readStartTime(Number(pid))) === startTime;
  }

  async take(): Promise<void> {
    await writeFile(this.file, `${process.pid} ${await readStartTime(process.pid)}`);
  }

  async release(): Promise<void> {
    await rm(this.file, { force: true });
  }
}
