import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { ENVIRONMENT } from '../../config/env.js';

/** How a command ended. */
export interface CliResult {
  /** As it was typed, for messages. */
  command: string;
  /** Absent when the program is not there or was ended by us. */
  exitCode: number | undefined;
  ended: 'by-itself' | 'timed-out' | 'aborted' | 'not-installed';
  stdout: string;
  stderr: string;
  /** The end of standard error: what a person would look at first. */
  lastLines: string;
}

export interface CliOptions {
  timeoutMs: number;
  signal?: AbortSignal;
  stdin?: string;
  /** Called with every line of standard error as it comes; kind reports its progress there. */
  onLine?: (line: string) => void;
}

const LAST_LINES = 8;
const LARGEST_OUTPUT_CHARACTERS = 4 * 1024 ** 2;
/** A program that does not end when asked to is killed after this. */
const GRACE_MS = 5_000;
/** The service's own settings, some of them secret, are nobody else's business. */
const WITHOUT_OWN_SETTINGS = Object.fromEntries(Object.keys(ENVIRONMENT).map((name) => [name, undefined]));

/** Runs kind, docker or podman with the environment that says where the engine is. Never rejects for what the program does. */
export async function runCli(program: string, words: string[], options: CliOptions): Promise<CliResult> {
  const child = execa(program, words, {
    env: WITHOUT_OWN_SETTINGS,
    input: options.stdin ?? '',
    timeout: options.timeoutMs,
    forceKillAfterDelay: GRACE_MS,
    maxBuffer: LARGEST_OUTPUT_CHARACTERS,
    stripFinalNewline: false,
    reject: false,
    ...(options.signal && { cancelSignal: options.signal }),
  });
  if (options.onLine) createInterface({ input: child.stderr }).on('line', options.onLine);
  const result = await child;
  const ended = result.timedOut
    ? 'timed-out'
    : result.isCanceled
      ? 'aborted'
      : result.code === 'ENOENT'
        ? 'not-installed'
        : 'by-itself';
  return {
    command: [program, ...words].join(' '),
    exitCode: result.exitCode,
    ended,
    stdout: result.stdout,
    stderr: result.stderr,
    lastLines: result.stderr.trimEnd().split('\n').slice(-LAST_LINES).join('\n'),
  };
}
