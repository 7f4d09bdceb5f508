import type { Readable } from 'node:stream';
import type { Clock } from '../clock/clock.js';
import type { NetworkEndpoint } from '../network/cluster-network.js';
import type { FileTree } from './file-tree.js';

export type SignalName =
  | 'SIGTERM'
  | 'SIGINT'
  | 'SIGHUP'
  | 'SIGQUIT'
  | 'SIGUSR1'
  | 'SIGUSR2'
  | 'SIGKILL'
  | 'SIGWINCH';

/** Linux' numbers; a process ended by signal N has exit code 128 + N. */
export const SIGNAL_NUMBERS: Record<SignalName, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
  SIGWINCH: 28,
};

export interface User {
  uid: number;
  gid: number;
  name: string;
}

export interface TerminalSize {
  columns: number;
  rows: number;
}

/** What the processes of one container share. */
export interface ContainerWorld {
  files: FileTree;
  network: NetworkEndpoint;
  clock: Clock;
  hostname: string;
  user: User;
  memoryLimitBytes: number | undefined;
  /** The processes that run, by process id; those of another container too when it shares its process namespace. */
  processes: Map<number, Process>;
  /** The container's own first process. */
  first?: Process;
  /** Ends the whole container as the kernel does when it is out of memory. */
  runOutOfMemory(): void;
}

/** A running program of a container, as the program sees itself. */
export interface Process {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly env: Record<string, string>;
  readonly cwd: string;
  readonly world: ContainerWorld;
  readonly startedAtMs: number;
  /** Absent when nothing is attached: reads find the end at once. */
  readonly stdin: Readable | undefined;
  readonly tty: boolean;
  /** Aborts when the process has to stop at once. */
  readonly killed: AbortSignal;
  stdout(output: string | Uint8Array): void;
  stderr(output: string | Uint8Array): void;
  /** Handles a signal instead of its default, which is to end the process; the first process of a container ignores it. */
  onSignal(signal: SignalName, handler: () => void): void;
  signal(signal: SignalName): void;
  /** Ends the process with this exit code at once. */
  exit(exitCode: number): void;
  /** Resolves with the terminal's size changes, when there is a terminal. */
  onResize?: ((listener: (size: TerminalSize) => void) => void) | undefined;
}

/** Runs a program to its end; resolves with the exit code. A program that is killed may reject, or never resolve. */
export type Program = (process: Process) => Promise<number>;
