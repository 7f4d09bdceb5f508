import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, constants as files, openSync, write } from 'node:fs';
import { createRequire } from 'node:module';
import { constants as system } from 'node:os';
import { ReadStream } from 'node:tty';
import type { ShellCommand } from '../shell/shell.js';

export interface TerminalSize {
  columns: number;
  rows: number;
}

/** A program on a pseudo-terminal. Calls after its end do nothing. */
export interface Pty {
  /** `written` is called when the kernel has taken the bytes, or never will. */
  write(bytes: Buffer, written: () => void): void;
  resize(size: TerminalSize): void;
  pause(): void;
  resume(): void;
  /** Closes the terminal under the program, which gets a SIGHUP. */
  hangUp(): void;
}

export interface PtyEvents {
  onData(bytes: Buffer): void;
  /** Comes once, after all output; 128 + signal number when the program was killed. */
  onExit(exitCode: number): void;
}

/** What is used of @lydell/node-pty's compiled part. */
interface NativePty {
  open(columns: number, rows: number): { master: number; slave: number; pty: string };
  resize(master: number, columns: number, rows: number): void;
}

/**
 * The library's own `spawn` loses what a paused terminal has not read when its program ends. So only its openpty(3) is
 * used; the program is started here, and its side of the terminal is kept open until everything was read.
 */
function loadNative(): NativePty {
  return createRequire(import.meta.url)(
    `@lydell/node-pty-${process.platform}-${process.arch}/pty.node`,
  ) as NativePty;
}

/** A terminal that is held back by Ctrl-S takes no mark. */
const LONGEST_AFTER_EXIT_MS = 5_000;

/** Starts `command` as the leader of a session of its own on a new pseudo-terminal. */
export function spawnPty(command: ShellCommand, size: TerminalSize, events: PtyEvents): Pty {
  const native = loadNative();
  const { master: descriptor, slave, pty: path } = native.open(size.columns, size.rows);
  // The library's descriptor does not block, and all programs on it would see that: open it anew.
  const programSide = openSync(path, files.O_RDWR | files.O_NOCTTY);
  closeSync(slave);
  const terminal = new ReadStream(descriptor);
  const child = spawn('/usr/bin/setsid', ['--ctty', command.file, ...command.arguments], {
    cwd: '/',
    env: command.environment,
    stdio: [programSide, programSide, programSide],
  });
  let isEnding = false;
  terminal.on('data', (bytes: Buffer) => events.onData(bytes));
  // EIO is how Linux says that nobody has the other side open any more.
  terminal.on('error', () => terminal.destroy());
  void whenExited(child).then((exitCode) => {
    isEnding = true;
    void readToEnd(terminal, programSide, events.onData).then(() => events.onExit(exitCode));
  });
  return {
    write: (bytes, written) => {
      if (terminal.writable) terminal.write(bytes, () => written());
      else written();
    },
    resize: ({ columns, rows }) => {
      if (!terminal.destroyed) native.resize(descriptor, columns, rows);
    },
    pause: () => {
      if (!isEnding) terminal.pause();
    },
    resume: () => terminal.resume(),
    hangUp: () => terminal.destroy(),
  };
}

function whenExited(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? system.signals[signal] : 0)));
  });
}

/**
 * Reads what the program printed last, and nobody is waited for any more: the kernel holds no more than some kilobytes. That
 * the other side is closed, Linux may tell before all was read. So a mark is printed after everything else, and waited for.
 */
async function readToEnd(
  terminal: ReadStream,
  programSide: number,
  emit: (bytes: Buffer) => void,
): Promise<void> {
  const mark = Buffer.from(`\0${randomBytes(16).toString('hex')}\0`);
  let held: Buffer = Buffer.alloc(0);
  const longest = setTimeout(() => terminal.destroy(), LONGEST_AFTER_EXIT_MS);
  terminal.removeAllListeners('data');
  terminal.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    const at = held.indexOf(mark);
    const certain = at >= 0 ? at : Math.max(0, held.length - mark.length + 1);
    if (certain > 0) emit(held.subarray(0, certain));
    held = at >= 0 ? Buffer.alloc(0) : held.subarray(certain);
    if (at >= 0) terminal.destroy();
  });
  const closed = new Promise<void>((resolve) => {
    if (terminal.closed) resolve();
    else terminal.once('close', resolve);
  });
  terminal.resume();
  // Not the synchronous call: it would wait for a reader, and the reader is this thread. It fails when the terminal is gone.
  write(programSide, mark, () => closeSync(programSide));
  await closed;
  clearTimeout(longest);
  if (held.length > 0) emit(held);
}
