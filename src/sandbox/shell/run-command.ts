import { spawn } from 'node:child_process';
import { constants as system } from 'node:os';
import type { Readable } from 'node:stream';
import type { ShellCommand } from './shell.js';

export interface CommandLimits {
  timeoutMs: number;
  /** Text for standard input; empty when absent. */
  stdin?: string;
  /** Kept of standard output and standard error each; the rest is read and dropped. One mebibyte unless told. */
  outputLimitBytes?: number;
  /** Ends the command as the timeout would. */
  signal?: AbortSignal;
}

export interface CommandResult {
  /** 128 + signal number when it was killed, 124 (as timeout(1) does) when it ran out of time. */
  exitCode: number;
  stdout: string;
  stderr: string;
  timedOut: boolean;
}

const OUTPUT_LIMIT_BYTES = 1024 ** 2;
const TIMED_OUT = 124;

/** Runs a program to its end, in a process group of its own that is killed as a whole when time is up. Never rejects. */
export async function runCommand(command: ShellCommand, limits: CommandLimits): Promise<CommandResult> {
  const child = spawn(command.file, command.arguments, {
    cwd: '/',
    env: command.environment,
    detached: true,
  });
  const kill = () => killGroup(child.pid);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, limits.timeoutMs);
  limits.signal?.addEventListener('abort', kill, { once: true });
  if (limits.signal?.aborted) kill();
  child.stdin.on('error', () => undefined);
  child.stdin.end(limits.stdin ?? '');
  const limit = limits.outputLimitBytes ?? OUTPUT_LIMIT_BYTES;
  const output = [keepFirst(child.stdout, limit), keepFirst(child.stderr, limit)] as const;
  const exitCode = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(127));
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? system.signals[signal] : 0)));
    // A background process may keep the output open after the command itself has ended.
    child.once('exit', () => setTimeout(() => closeOutput(child.stdout, child.stderr), 200).unref());
  });
  clearTimeout(timer);
  limits.signal?.removeEventListener('abort', kill);
  return { exitCode: timedOut ? TIMED_OUT : exitCode, stdout: output[0](), stderr: output[1](), timedOut };
}

function keepFirst(stream: Readable, limitBytes: number): () => string {
  const chunks: Buffer[] = [];
  let kept = 0;
  stream.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, limitBytes - kept);
    kept += part.length;
    if (part.length > 0) chunks.push(part);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function closeOutput(...streams: Readable[]): void {
  for (const stream of streams) stream.destroy();
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended by itself.
  }
}
