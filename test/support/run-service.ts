import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from './wait-until.js';

export const adminToken = 'test-administrator-token-0123456789';
const program = new URL('../../dist/main.js', import.meta.url).pathname;

export interface RunningService {
  url: string;
  dataDirectory: string;
  child: ChildProcess;
  /** Everything the program printed so far. */
  output(): string;
  /** SIGTERM, then waits for the exit; resolves to the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL, then waits for the exit. */
  kill(): Promise<void>;
}

export async function freePort(): Promise<number> {
  for (;;) {
    // Below the ports that the system hands out by itself, so that none of ours is given to somebody else meanwhile.
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (free) return port;
  }
}

export function makeDataDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'seatrial-e2e-'));
}

export function removeDataDirectory(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Starts the built program as its users do and waits until `/readyz` says so. */
export async function runService(
  dataDirectory: string,
  settings: Record<string, string> = {},
): Promise<RunningService> {
  const port = Number(settings['PORT'] ?? (await freePort()));
  const child = spawn(process.execPath, ['--enable-source-maps', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      PORT: String(port),
      SEATRIAL_DATA: dataDirectory,
      SEATRIAL_ADMIN_TOKEN: adminToken,
      SEATRIAL_LOG_LEVEL: 'info',
      ...settings,
    },
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const output = () => Buffer.concat(chunks).toString();
  const url = `http://127.0.0.1:${port}`;
  await waitUntil(`the service to be ready:\n${output()}`, 60_000, async () => {
    if (child.exitCode !== null) throw new Error(`the service ended with ${child.exitCode}:\n${output()}`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    return answer?.ok;
  });
  return {
    url,
    dataDirectory,
    child,
    output,
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** A process that is a host and nothing else. It has no HTTP API, so its output says when it is ready. */
export async function runHost(
  dataDirectory: string,
  settings: Record<string, string> = {},
): Promise<Pick<RunningService, 'child' | 'stop'>> {
  const child = spawn(process.execPath, ['--enable-source-maps', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      SEATRIAL_DATA: dataDirectory,
      SEATRIAL_ROLES: 'host',
      ...settings,
    },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await waitUntil('the host to be ready', 60_000, () => {
    if (child.exitCode !== null) throw new Error(`the host ended: ${output}`);
    return output.includes('ready to take labs');
  });
  return {
    child,
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
