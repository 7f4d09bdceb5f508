import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../common/domain-error.js';
import { bubblewrapArguments, type ShellFolders } from './bubblewrap.js';
import {
  becomeUser,
  enterSandbox,
  prepareProcess,
  type SandboxProcesses,
  showFolders,
  shownFolders,
} from './confinement.js';
import { DEFAULT_SHELL_LIMITS, type ShellLimits } from './limits.js';
import { API_SERVER_URL, LEARNER, RELAY_PATH, sharedSystemPaths, TOOLS_PATH } from './system-files.js';

export interface ShellOptions {
  folders: ShellFolders;
  /** Of the host; what the learner's processes run as. Ignored when the service itself is not root. */
  uid: number;
  limits?: ShellLimits;
}

/** A program to start, for `spawn` or a pty. `environment` is all that it gets. */
export interface ShellCommand {
  file: string;
  arguments: string[];
  environment: Record<string, string>;
}

const START_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 5_000;
const API_SERVER_PORT = Number(new URL(API_SERVER_URL).port);
const FORWARD = [
  ...['/usr/bin/prlimit', '--nproc=192', '--nofile=256', '--core=0', '--'],
  ...['/usr/bin/socat', `TCP-LISTEN:${API_SERVER_PORT},bind=127.0.0.1,reuseaddr,fork,max-children=128`],
  `UNIX-CONNECT:${RELAY_PATH}/api.sock`,
];
/** The forwarder's line of /proc/net/tcp once it listens on 127.0.0.1 (state 0A); proc_net_tcp(5). */
const LISTENING = `0100007F:${API_SERVER_PORT.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`;

const ENVIRONMENT = {
  HOME: LEARNER.home,
  USER: LEARNER.name,
  LOGNAME: LEARNER.name,
  SHELL: '/bin/bash',
  PATH: `${TOOLS_PATH}:/usr/bin:/bin`,
  LANG: 'C.UTF-8',
  TERM: 'xterm-256color',
  EDITOR: 'vim',
};

/**
 * The closed room of one sandbox: its namespaces, held by the process that forwards 127.0.0.1:6443 to the lab's API
 * server. Terminals and commands enter it, so all of them share processes, network and files. It ends with this process.
 */
export class Shell {
  private constructor(
    private readonly child: ChildProcess,
    private readonly processes: SandboxProcesses,
    private readonly uid: number,
    private readonly limits: ShellLimits,
    /** Resolves when nothing of the sandbox runs any more. */
    readonly ended: Promise<void>,
  ) {}

  /** Resolves when commands can be run and the API server is reachable. Throws `driver-unavailable` when it cannot be. */
  static async start({ folders, uid, limits = DEFAULT_SHELL_LIMITS }: ShellOptions): Promise<Shell> {
    const options = bubblewrapArguments(shownFolders(folders), await sharedSystemPaths(), limits);
    const [file = '', ...rest] = [
      ...prepareProcess(5),
      ...showFolders(folders),
      ...becomeUser(uid),
      ...['/usr/bin/unshare', '--user', '--map-root-user', '--'],
      ...['/usr/bin/bwrap', '--json-status-fd', '3', '--args', '4', '--', ...FORWARD],
    ];
    const child = spawn(file, rest, {
      cwd: '/',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    });
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const complaint = collect(child.stdio[2] as Readable);
    giveOptions(child.stdio[4] as Writable, options);
    const status = readStatus(child.stdio[3] as Readable);
    try {
      const init = await Promise.race([status, failWhenEnded(child)]);
      await Promise.race([untilListening(init), failWhenEnded(child)]);
      return new Shell(child, { owner: child.pid ?? 0, init }, uid, limits, ended);
    } catch (cause) {
      child.kill('SIGKILL');
      throw new DomainError('driver-unavailable', `The shell cannot be closed in: ${complaint() || cause}`, {
        cause,
      });
    }
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The program that runs `command` inside, in the learner's home unless `environment.HOME` says otherwise. */
  command(command: string[], environment: Record<string, string> = {}): ShellCommand {
    const [file = '', ...rest] = enterSandbox(this.processes, this.uid, this.limits);
    const values = { ...ENVIRONMENT, ...environment };
    return {
      file,
      arguments: [...rest, '/usr/bin/env', `--chdir=${values.HOME}`, ...command],
      environment: values,
    };
  }

  /**
   * Ends everything inside: when process 1 of a pid namespace is killed, the kernel kills all others first. bwrap's outer
   * process then ends by itself, having seen to it that no zombie is left.
   */
  async close(): Promise<void> {
    if (this.isRunning) killQuietly(this.processes.init);
    const stuck = setTimeout(() => this.child.kill('SIGKILL'), CLOSE_TIMEOUT_MS);
    await this.ended;
    clearTimeout(stuck);
  }
}

/** bwrap reads its options from a file descriptor, so that `ps` inside does not show folders of the host. */
function giveOptions(pipe: Writable, options: string[]): void {
  pipe.on('error', () => undefined);
  pipe.end(options.map((option) => `${option}\0`).join(''));
}

/** The host's id of process 1 of the sandbox, from bwrap's first status line. Later ones could be forged from inside. */
function readStatus(pipe: Readable): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    pipe.on('error', () => undefined);
    pipe.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const pid = /"child-pid": (\d+)/.exec(text)?.[1];
      if (!pid || !text.includes('\n')) return;
      pipe.destroy();
      resolve(Number(pid));
    });
    pipe.once('end', () => reject(new Error('bwrap ended without a status')));
  });
}

async function untilListening(init: number): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const sockets = await readFile(`/proc/${init}/net/tcp`, 'utf8').catch(() => '');
    if (sockets.includes(LISTENING)) return;
    await sleep(2);
  }
  throw new Error('the forwarder did not listen in time');
}

function failWhenEnded(child: ChildProcess): Promise<never> {
  return new Promise((_, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => reject(new Error(`it ended with ${signal ?? code}`)));
  });
}

function collect(stream: Readable): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('utf8')).slice(-2000);
  });
  return () => text.trim();
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
