import { spawn } from 'node:child_process';
import { chown, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { constants as system, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '../../common/domain-error.js';
import { spawnPty } from '../terminal/pty.js';
import { ApiRelay } from './api-relay.js';
import { writeHomeFile } from './home-file.js';
import { type ClusterAccess, readKubeconfig, writeKubeconfig } from './kubeconfig.js';
import { Shell, type ShellCommand } from './shell.js';
import { API_SERVER_URL, writeSystemFiles } from './system-files.js';

export interface OpenShellOptions {
  /** Of the cluster to work on; with its credentials in it. */
  kubeconfigPath: string;
  /** Kept afterwards; a fresh one that is removed when absent. As root, it is given to an unprivileged user. */
  homeDirectory?: string;
  /** Arguments of one program; an interactive bash when absent. */
  command?: string[];
  /** Absolute; holds kubectl and helm. */
  toolsDirectory: string;
}

/** What a shell without a lab runs as when root opens it: next to, not among, the ids of sandboxes. */
const SHELL_UID = 199_999;

/**
 * The learner's shell on any cluster, on the caller's own terminal. Resolves with the exit code of bash or of the command.
 * Throws `bad-request` for a kubeconfig that cannot be used and `driver-unavailable` when the shell cannot be closed in.
 */
export async function openShell(options: OpenShellOptions): Promise<number> {
  const access = readKubeconfig(await readFile(options.kubeconfigPath, 'utf8').catch(refuseUnreadable));
  const scratch = await mkdtemp(join(tmpdir(), 'seatrial-shell-'));
  const server = new URL(access.server);
  const target = { host: server.hostname.replace(/^\[|\]$/g, ''), port: Number(server.port || 443) };
  const relay = new ApiRelay(join(scratch, 'relay'), async () => target);
  try {
    const home = options.homeDirectory ?? join(scratch, 'home');
    await mkdir(home, { recursive: true, mode: 0o700 });
    await giveHome(home);
    await writeSystemFiles(join(scratch, 'system'), options.toolsDirectory);
    const folders = {
      home,
      relay: await relay.listen(),
      tools: options.toolsDirectory,
      system: join(scratch, 'system'),
    };
    const shell = await Shell.start({ folders, uid: SHELL_UID });
    try {
      await writeHomeFile(shell, { path: '.kube/config', content: innerKubeconfig(access), mode: '0600' });
      return await runOnOwnTerminal(shell.command(options.command ?? ['/bin/bash', '--login']));
    } finally {
      await shell.close();
    }
  } finally {
    await relay.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

function refuseUnreadable(cause: unknown): never {
  throw new DomainError('bad-request', 'The kubeconfig cannot be read.', { cause });
}

/** The same access by the address inside; the certificate is still checked against the real name. */
function innerKubeconfig(access: ClusterAccess): string {
  const { protocol, hostname } = new URL(access.server);
  const server = protocol === 'https:' ? API_SERVER_URL : API_SERVER_URL.replace('https:', protocol);
  const isSame = hostname === new URL(API_SERVER_URL).hostname;
  const name = access.tlsServerName ?? (isSame || access.skipTlsVerify ? undefined : hostname);
  return writeKubeconfig('lab', { ...access, server, ...(name && { tlsServerName: name }) });
}

/** A home of root's is given away; one of somebody else's stays theirs, and is then only readable as far as they allow. */
async function giveHome(home: string): Promise<void> {
  if (process.getuid?.() !== 0 || (await stat(home)).uid !== 0) return;
  await chown(home, SHELL_UID, SHELL_UID);
}

/**
 * The sandbox never gets the caller's terminal itself: a program that has it could type commands for the caller
 * (TIOCSTI, ioctl_tty(2)). It gets one of its own that is copied, or, without a terminal, a session of its own.
 */
function runOnOwnTerminal(command: ShellCommand): Promise<number> {
  return process.stdin.isTTY && process.stdout.isTTY ? runOnCopiedTerminal(command) : runOnPipes(command);
}

function runOnCopiedTerminal(command: ShellCommand): Promise<number> {
  const { stdin, stdout } = process;
  return new Promise((resolve) => {
    const size = () => ({ columns: stdout.columns, rows: stdout.rows });
    const pty = spawnPty(command, size(), {
      onData: (bytes) => {
        if (stdout.write(bytes)) return;
        pty.pause();
        stdout.once('drain', () => pty.resume());
      },
      onExit: (exitCode) => {
        stdin.off('data', type);
        stdin.setRawMode(false);
        stdin.pause();
        resolve(exitCode);
      },
    });
    const type = (bytes: Buffer) => {
      stdin.pause();
      pty.write(bytes, () => stdin.resume());
    };
    stdin.setRawMode(true);
    stdin.on('data', type);
    stdout.on('resize', () => pty.resize(size()));
  });
}

async function runOnPipes(command: ShellCommand): Promise<number> {
  const child = spawn(command.file, command.arguments, {
    cwd: '/',
    env: command.environment,
    stdio: 'inherit',
    detached: true,
  });
  const pass = (signal: NodeJS.Signals) => {
    if (child.pid) process.kill(-child.pid, signal);
  };
  process.on('SIGINT', pass).on('SIGTERM', pass);
  const exitCode = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? system.signals[signal] : 0)));
  });
  process.off('SIGINT', pass).off('SIGTERM', pass);
  return exitCode;
}
