import { type ChildProcess, spawn } from 'node:child_process';

const program = new URL('../../dist/cli/main.js', import.meta.url).pathname;

export interface CliRun {
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** The exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts `seatrial ARGS` with no settings but these, and with nothing on standard input. */
export function startCli(args: string[], settings: Record<string, string> = {}): CliRun {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings },
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  );
  return { child, stdout: () => output.stdout, stderr: () => output.stderr, ended };
}

/** Runs `seatrial ARGS` to its end. */
export async function runCli(args: string[], settings: Record<string, string> = {}) {
  const run = startCli(args, settings);
  const code = await run.ended;
  return { code, stdout: run.stdout(), stderr: run.stderr() };
}
