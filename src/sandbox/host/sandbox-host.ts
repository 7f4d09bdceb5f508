import { join, resolve } from 'node:path';
import type { ClusterConnection } from '../../common/cluster-connection.js';
import { DomainError } from '../../common/domain-error.js';
import type { ClusterSpec, Driver, DriverStatus, Identity, PhaseReport } from '../driver/driver.js';
import { runPhase } from '../driver/phase.js';
import type { HomeFile } from '../shell/home-file.js';
import { DEFAULT_SHELL_LIMITS, type ShellLimits } from '../shell/limits.js';
import type { CommandResult } from '../shell/run-command.js';
import { writeSystemFiles } from '../shell/system-files.js';
import type { Terminal } from '../terminal/terminal.js';
import { Connections } from './connections.js';
import { type CommandRequest, Sandbox } from './sandbox.js';
import { type SandboxRecord, SandboxStore } from './sandbox-store.js';

/** What a sandbox should be: its cluster, the driver that makes it, and what lies in the learner's home. */
export type SandboxSpec = ClusterSpec & { driver: Driver['name']; files?: HomeFile[] };

export interface SandboxHostOptions {
  /** Sandboxes live below it and survive a restart of the process. */
  dataDirectory: string;
  /** Holds kubectl and helm. */
  toolsDirectory: string;
  drivers: Driver[];
  limits?: ShellLimits;
}

interface Making {
  abort: AbortController;
  done: Promise<void>;
}

/**
 * All sandboxes of one machine: makes and removes them, and gives access to their cluster, shell and terminals. Every
 * method throws `sandbox-not-found` for an id that is not here, except `destroy`, which then has nothing to do.
 */
export class SandboxHost {
  readonly connections = new Connections();
  private readonly dataDirectory: string;
  private readonly toolsDirectory: string;
  private readonly limits: ShellLimits;
  private readonly store: SandboxStore;
  private readonly drivers: Map<string, Driver>;
  private readonly sandboxes = new Map<string, Sandbox>();
  private readonly making = new Map<string, Making>();
  private systemFiles: Promise<string> | undefined;
  private hasShell = false;

  constructor(options: SandboxHostOptions) {
    this.dataDirectory = resolve(options.dataDirectory);
    this.toolsDirectory = resolve(options.toolsDirectory);
    this.limits = options.limits ?? DEFAULT_SHELL_LIMITS;
    this.store = new SandboxStore(this.dataDirectory);
    this.drivers = new Map(options.drivers.map((driver) => [driver.name, driver]));
  }

  /** Whether clusters of this kind can be made here, and if not, what is missing. */
  async driverStatus(name: Driver['name']): Promise<DriverStatus> {
    const reason = `This host has no driver called ${name}.`;
    return this.drivers.get(name)?.status() ?? { available: false, reason };
  }

  /**
   * Makes the sandbox, or picks up one that was half made. Phases of the driver come first, then `shell`. Throws
   * `driver-unavailable`, `provision-failed` or `provision-timeout`; what was made so far stays, for `destroy` or another try.
   */
  async provision(
    spec: SandboxSpec,
    onPhase: (phase: PhaseReport) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.making.get(spec.id)?.done.catch(() => undefined);
    const abort = new AbortController();
    const done = this.make(spec, onPhase, AbortSignal.any([signal, abort.signal]));
    this.making.set(spec.id, { abort, done });
    try {
      await done;
    } finally {
      if (this.making.get(spec.id)?.done === done) this.making.delete(spec.id);
    }
  }

  /** Removes cluster, shell, terminals and folders, whatever of them there is. */
  async destroy(id: string): Promise<void> {
    const making = this.making.get(id);
    making?.abort.abort(new DomainError('provision-failed', 'The sandbox is being removed.'));
    await making?.done.catch(() => undefined);
    this.connections.closeSandbox(id, 'sandbox-ended');
    await this.sandboxes.get(id)?.close('sandbox-ended');
    this.sandboxes.delete(id);
    const record = await this.store.find(id).catch(() => undefined);
    for (const driver of record ? [this.driver(record.driver)] : await this.usableDrivers())
      await driver.destroy(id);
    await this.store.remove(id);
  }

  /** Ids of everything of a sandbox that exists here, also of what was left half made or half removed. */
  async list(): Promise<string[]> {
    const drivers = await this.usableDrivers();
    const found = await Promise.all([this.store.list(), ...drivers.map((driver) => driver.list())]);
    return [...new Set(found.flat())].sort();
  }

  /** How to reach the API server from this process. */
  async connection(id: string, identity: Identity): Promise<ClusterConnection> {
    const record = await this.record(id);
    return this.driver(record.driver).connect(id, identity);
  }

  /** Runs a program or a bash script inside the sandbox, as the learner. Does not throw for what the program does. */
  async runCommand(id: string, request: CommandRequest): Promise<CommandResult> {
    return (await this.sandbox(id)).runCommand(request);
  }

  /** Terminal `number` of the sandbox, started when it was not running. */
  async terminal(id: string, number: number): Promise<Terminal> {
    return (await this.sandbox(id)).terminal(number);
  }

  /** Throws `clock-not-movable` for a real cluster. */
  async advanceClock(id: string, byMs: number): Promise<void> {
    const record = await this.record(id);
    await this.driver(record.driver).advanceClock(id, byMs);
  }

  /** Closes all connections to the sandbox; the programs in its terminals run on. */
  revokeTerminals(id: string, reason: string): void {
    this.connections.closeSandbox(id, reason);
  }

  /** Closes all connections that were opened on behalf of `subject`, in all sandboxes. */
  closeConnections(subject: string, reason = 'revoked'): void {
    this.connections.closeSubject(subject, reason);
  }

  /** Ends everything that runs in this process; sandboxes stay on disk and come back with the next one. */
  async close(): Promise<void> {
    this.connections.closeAll('host-stopping');
    await Promise.all([...this.sandboxes.values()].map((sandbox) => sandbox.close('host-stopping')));
    this.sandboxes.clear();
    await Promise.all([...this.drivers.values()].map((driver) => driver.close()));
  }

  private async make(
    spec: SandboxSpec,
    onPhase: (phase: PhaseReport) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { record, isNew } = await this.store.ensure(spec.id, spec.driver);
    await this.driver(record.driver).provision(spec, onPhase, signal);
    await runPhase('shell', onPhase, signal, async () => {
      const sandbox = await this.sandbox(spec.id);
      await sandbox.prepare(spec.files ?? [], isNew);
      // One shell tells whether this machine can have any; the others start when they are first used.
      if (!this.hasShell) await sandbox.proveShell();
      this.hasShell = true;
    });
  }

  private async sandbox(id: string): Promise<Sandbox> {
    const { uid } = await this.record(id);
    const folders = {
      home: this.store.folder(id, 'home'),
      relay: this.store.folder(id, 'relay'),
      tools: this.toolsDirectory,
      system: await this.prepareSystemFiles(),
    };
    const known = this.sandboxes.get(id);
    if (known) return known;
    const sandbox = new Sandbox({
      folders,
      uid,
      limits: this.limits,
      connect: () => this.connection(id, 'learner'),
    });
    this.sandboxes.set(id, sandbox);
    return sandbox;
  }

  private prepareSystemFiles(): Promise<string> {
    const directory = join(this.dataDirectory, 'shell');
    this.systemFiles ??= writeSystemFiles(directory, this.toolsDirectory).then(() => directory);
    return this.systemFiles;
  }

  private async record(id: string): Promise<SandboxRecord> {
    const record = await this.store.find(id);
    if (!record) throw new DomainError('sandbox-not-found');
    return record;
  }

  private driver(name: Driver['name']): Driver {
    const driver = this.drivers.get(name);
    if (!driver) throw new DomainError('driver-unavailable', `This host has no driver called ${name}.`);
    return driver;
  }

  private async usableDrivers(): Promise<Driver[]> {
    const all = [...this.drivers.values()];
    const statuses = await Promise.all(all.map((driver) => driver.status()));
    return all.filter((_, index) => statuses[index]?.available);
  }
}
