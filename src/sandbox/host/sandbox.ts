import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ClusterConnection } from '../../common/cluster-connection.js';
import { DomainError } from '../../common/domain-error.js';
import { ApiRelay, type RelayTarget } from '../shell/api-relay.js';
import type { ShellFolders } from '../shell/bubblewrap.js';
import { fillNewHome, type HomeFile, writeHomeFile } from '../shell/home-file.js';
import { writeKubeconfig } from '../shell/kubeconfig.js';
import type { ShellLimits } from '../shell/limits.js';
import { type CommandResult, runCommand } from '../shell/run-command.js';
import { Shell } from '../shell/shell.js';
import { API_SERVER_URL, LEARNER } from '../shell/system-files.js';
import { Terminal } from '../terminal/terminal.js';
import { HomeQuota } from './home-quota.js';

export interface CommandRequest {
  /** Arguments of one program, or the text of a bash script. */
  command: string[] | string;
  timeoutMs: number;
  /** The learner's own home (the default), or one that is gone afterwards and that the learner never sees. */
  home?: 'learner' | 'private';
  stdin?: string;
  environment?: Record<string, string>;
  outputLimitBytes?: number;
  signal?: AbortSignal;
}

export interface SandboxOptions {
  folders: ShellFolders;
  uid: number;
  limits: ShellLimits;
  /** The cluster as the learner reaches it. */
  connect: () => Promise<ClusterConnection>;
}

const TERMINAL_COUNT = 8;
const HOME_OVERFLOWED =
  '\r\nYour home was far beyond its limit: what was just written is removed. Open a new terminal to go on.\r\n';
const LONGEST_TIDY_MS = 60_000;
const HOME_IS_FULL =
  '\r\nYour home is full, so all programs were ended. Open a new terminal and remove some files.\r\n';

/** What one host runs for one sandbox besides its cluster: relay, shell and terminals. All of it starts when first used. */
export class Sandbox {
  private readonly relay: ApiRelay;
  private relaying: Promise<string> | undefined;
  private shell: Promise<Shell> | undefined;
  private readonly terminals = new Map<number, Terminal>();
  private readonly homeQuota: HomeQuota;
  private isClosed = false;

  constructor(private readonly options: SandboxOptions) {
    this.homeQuota = new HomeQuota(
      options.folders.home,
      options.limits,
      (since) => void this.endPrograms(since),
    );
    this.relay = new ApiRelay(options.folders.relay, async () => relayTarget(await options.connect()));
  }

  /**
   * Puts kubeconfig and files into the learner's home. A home that `isNew` needs no shell for that; nothing runs in a sandbox
   * before somebody opens it.
   */
  async prepare(files: HomeFile[], isNew: boolean): Promise<void> {
    const { folders, uid } = this.options;
    const all = [await this.kubeconfig(), ...files];
    const remaining = isNew ? await fillNewHome(folders.home, uid, all) : all;
    if (remaining.length === 0) return;
    const shell = await this.openShell();
    for (const file of remaining) await writeHomeFile(shell, file);
  }

  /** Terminal `number` (1 to 8), running. */
  async terminal(number: number): Promise<Terminal> {
    if (!Number.isInteger(number) || number < 1 || number > TERMINAL_COUNT) {
      throw new DomainError('bad-request', `Terminals are numbered 1 to ${TERMINAL_COUNT}.`);
    }
    const terminal = this.terminals.get(number) ?? new Terminal(() => this.loginCommand());
    this.terminals.set(number, terminal);
    await terminal.start();
    return terminal;
  }

  async runCommand(request: CommandRequest): Promise<CommandResult> {
    if (request.home === 'private') return this.withPrivateShell((shell) => runInside(shell, request));
    return runInside(await this.openShell(), request);
  }

  /** Ends terminals, shell and relay; nothing of them runs when it resolves. Files stay. */
  async close(reason: string): Promise<void> {
    this.isClosed = true;
    this.homeQuota.stop();
    for (const terminal of this.terminals.values()) terminal.close(reason);
    await this.shell?.then((shell) => shell.close()).catch(() => undefined);
    await this.relaying?.catch(() => undefined);
    await this.relay.close();
  }

  private async loginCommand() {
    return (await this.openShell()).command(['/bin/bash', '--login']);
  }

  private async kubeconfig(): Promise<HomeFile> {
    const { tls } = await this.options.connect();
    if (!tls) throw new DomainError('internal', 'The learner’s connection has no client certificate.');
    const content = writeKubeconfig('lab', {
      server: API_SERVER_URL,
      certificateAuthority: tls.certificateAuthority,
      user: { clientCertificate: tls.clientCertificate, clientKey: tls.clientKey },
    });
    return { path: '.kube/config', content, mode: '0600' };
  }

  /** Rejects with `driver-unavailable` where a shell cannot be started. */
  async proveShell(): Promise<void> {
    await this.openShell();
  }

  /** The running shell; a new one when the old one has ended, as it does when its owner kills the forwarder. */
  private async openShell(): Promise<Shell> {
    if (this.isClosed) throw new DomainError('sandbox-not-found');
    if (this.shell) return this.shell;
    this.homeQuota.start();
    const starting = this.startShell(this.options.folders);
    const forget = () => {
      if (this.shell === starting) this.shell = undefined;
    };
    this.shell = starting;
    starting.then((shell) => shell.ended.then(forget), forget);
    return starting;
  }

  private async startShell(folders: ShellFolders): Promise<Shell> {
    this.relaying ??= this.relay.listen();
    const relay = await this.relaying;
    return Shell.start({
      folders: { ...folders, relay },
      uid: this.options.uid,
      limits: this.options.limits,
    });
  }

  private async withPrivateShell<T>(use: (shell: Shell) => Promise<T>): Promise<T> {
    const home = await mkdtemp(join(dirname(this.options.folders.home), 'private-'));
    try {
      await fillNewHome(home, this.options.uid, [await this.kubeconfig()]);
      const shell = await this.startShell({ ...this.options.folders, home });
      try {
        return await use(shell);
      } finally {
        await shell.close();
      }
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  }

  /**
   * A full home costs its owner all running programs; the files stay, and can be removed in a new terminal. Only one that
   * `overflowedSince` then loses what is newer: by its owner's own rights, since a link could lead elsewhere.
   */
  private async endPrograms(overflowedSince: Date | undefined): Promise<void> {
    const text = overflowedSince ? HOME_OVERFLOWED : HOME_IS_FULL;
    for (const terminal of this.terminals.values()) terminal.show(text);
    const shell = await this.shell?.catch(() => undefined);
    await shell?.close();
    if (!overflowedSince || this.isClosed) return;
    const newer = ['-mindepth', '1', '-newerct', overflowedSince.toISOString()];
    const command = ['/usr/bin/find', LEARNER.home, '-xdev', ...newer, '-delete'];
    await this.runCommand({ command, timeoutMs: LONGEST_TIDY_MS });
  }
}

function relayTarget(connection: ClusterConnection): RelayTarget {
  if (connection.socketPath) return { path: connection.socketPath };
  const { hostname, port } = new URL(connection.origin);
  return { host: hostname, port: Number(port || 443) };
}

function runInside(shell: Shell, request: CommandRequest): Promise<CommandResult> {
  const { command, environment, home: _home, ...limits } = request;
  const words = typeof command === 'string' ? ['/bin/bash', '-c', command] : command;
  return runCommand(shell.command(words, environment), limits);
}
