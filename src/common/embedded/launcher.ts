import { type ChildProcess, spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { childEnvironment } from '../../config/env.js';

/** A user of the machine to run a program as. */
export interface SystemUser {
  uid: number;
  gid: number;
}

export interface Command {
  program: string;
  args: string[];
}

/** Finds a program on the search path, or nothing. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = (childEnvironment()['PATH'] ?? '/usr/bin:/bin').split(delimiter);
  for (const folder of folders) {
    const file = join(folder, name);
    if (
      await stat(file).then(
        (found) => found.isFile(),
        () => false,
      )
    )
      return file;
  }
  return undefined;
}

/** Whether every folder above `path` lets other users through. */
export async function isOpenToOthers(path: string): Promise<boolean> {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/**
 * Wraps a command so that the kernel ends it with `deathSignal` when this process dies, even by `kill -9`, and so that it
 * runs as `user`. With `passClosedFolders` it may also go through folders that are closed to that user (a clone in a
 * home of mode 0700): the kernel then checks no file permissions for it. Uses setpriv(1) of util-linux; without it the
 * command stays as it is, which only loses the death signal.
 */
export async function tieToParent(
  command: Command,
  options: {
    deathSignal: 'INT' | 'TERM' | 'KILL';
    user?: SystemUser | undefined;
    passClosedFolders?: boolean;
  },
): Promise<Command> {
  const setpriv = await findProgram('setpriv');
  if (!setpriv) {
    if (options.user)
      throw new Error('setpriv (Debian package util-linux) is needed to run PostgreSQL as its own user');
    return command;
  }
  const args = ['--pdeathsig', options.deathSignal];
  if (options.user) {
    args.push(`--reuid=${options.user.uid}`, `--regid=${options.user.gid}`, '--clear-groups');
    if (options.passClosedFolders) {
      // Without no_setuid_fixup access(2) would look at the user's own rights only.
      args.push('--securebits=+no_setuid_fixup', '--inh-caps=+dac_override', '--ambient-caps=+dac_override');
    }
  }
  return { program: setpriv, args: [...args, command.program, ...command.args] };
}

/** A program started by us: what it wrote last, and how it ended. */
export interface Launched {
  child: ChildProcess;
  pid: number;
  /** The last 4 KiB it wrote to standard output and error. */
  lastOutput(): string;
  exited: Promise<number | NodeJS.Signals>;
}

/** Starts a program with a bare environment in its own process group, so that Ctrl-C reaches only us. */
export async function launch(
  command: Command,
  extraEnvironment: Record<string, string> = {},
): Promise<Launched> {
  const child = spawn(command.program, command.args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...childEnvironment(), ...extraEnvironment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4096);
    });
  }
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 0));
  });
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  return { child, pid: child.pid ?? 0, lastOutput: () => output, exited };
}
