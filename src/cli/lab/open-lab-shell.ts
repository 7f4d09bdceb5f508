import { ExitCode } from '../exit-code.js';
import { UsageError } from '../failure.js';
import { Service } from './service.js';
import { pathOf } from './show-labs.js';
import { attachTerminal, type UserTerminal } from './terminal-client.js';

/** Joins a terminal of the lab; resolves with its shell's exit code, or 0 when it was left running. */
export async function openLabShell(labId: string, terminal: number): Promise<number> {
  if (!process.stdin.isTTY) throw new UsageError('lab shell needs a terminal');
  const service = Service.fromEnvironment();
  const url = service.address(`${pathOf(labId)}/terminals/${terminal}`);
  url.protocol = url.protocol.replace('http', 'ws');
  process.stdin.setRawMode(true);
  try {
    const exitCode = await attachTerminal({ url, headers: service.headers }, thisTerminal);
    if (exitCode === undefined) process.stdout.write('\r\nleft running\r\n');
    return exitCode ?? ExitCode.ok;
  } finally {
    process.stdin.setRawMode(false);
    process.stdin.pause();
  }
}

const thisTerminal: UserTerminal = {
  size: () => ({ columns: process.stdout.columns, rows: process.stdout.rows }),
  onInput: (listener) => {
    process.stdin.on('data', listener).resume();
    return () => process.stdin.off('data', listener);
  },
  onResize: (listener) => {
    process.stdout.on('resize', listener);
    return () => process.stdout.off('resize', listener);
  },
  write: (output) => process.stdout.write(output),
};
