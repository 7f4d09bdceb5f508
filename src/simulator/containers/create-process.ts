import type { Readable } from 'node:stream';
import {
  type ContainerWorld,
  type Process,
  type Program,
  SIGNAL_NUMBERS,
  type SignalName,
  type TerminalSize,
} from './process.js';

export interface ProcessOptions {
  world: ContainerWorld;
  argv: string[];
  env: Record<string, string>;
  cwd: string;
  stdin?: Readable | undefined;
  tty: boolean;
  stdout: (output: string | Uint8Array) => void;
  stderr: (output: string | Uint8Array) => void;
  onResize?: ((listener: (size: TerminalSize) => void) => void) | undefined;
  /** Ends the process when it aborts. */
  signal?: AbortSignal;
}

export interface ProcessEnd {
  exitCode: number;
  /** Set when a signal ended it. */
  signal?: SignalName;
}

export interface StartableProcess extends Process {
  /** Runs the program; resolves when it has ended, at the latest when it is killed. */
  run(program: Program): Promise<ProcessEnd>;
}

/** The default action of these is to be ignored. */
const HARMLESS = new Set<SignalName>(['SIGWINCH']);

export function createProcess(options: ProcessOptions): StartableProcess {
  const { world } = options;
  const pid = nextPid(world);
  const handlers = new Map<SignalName, () => void>();
  const abort = new AbortController();
  let ended: ((end: ProcessEnd) => void) | undefined;

  const end = (signal: SignalName) => {
    ended?.({ exitCode: 128 + SIGNAL_NUMBERS[signal], signal });
    abort.abort(new Error(signal));
  };
  const process: StartableProcess = {
    pid,
    argv: options.argv,
    env: options.env,
    cwd: options.cwd,
    world,
    startedAtMs: world.clock.now(),
    stdin: options.stdin,
    tty: options.tty,
    killed: abort.signal,
    stdout: (output) => {
      if (!abort.signal.aborted) options.stdout(output);
    },
    stderr: (output) => {
      if (!abort.signal.aborted) options.stderr(output);
    },
    onResize: options.onResize,
    exit: (exitCode) => {
      ended?.({ exitCode });
      abort.abort(new Error('exited'));
    },
    onSignal: (signal, handler) => handlers.set(signal, handler),
    signal: (signal) => {
      const handler = handlers.get(signal);
      if (signal === 'SIGKILL') end(signal);
      else if (handler) handler();
      // The kernel delivers to the first process of a namespace only the signals that it handles.
      else if (pid !== 1 && !HARMLESS.has(signal)) end(signal);
    },
    run: async (program) => {
      world.processes.set(pid, process);
      const stop = () => end('SIGKILL');
      options.signal?.addEventListener('abort', stop, { once: true });
      try {
        return await new Promise<ProcessEnd>((resolve) => {
          ended = resolve;
          if (options.signal?.aborted) stop();
          else
            program(process).then(
              (exitCode) => resolve({ exitCode }),
              () => resolve({ exitCode: 1 }),
            );
        });
      } finally {
        ended = undefined;
        abort.abort(new Error('exited'));
        options.signal?.removeEventListener('abort', stop);
        world.processes.delete(pid);
      }
    },
  };
  return process;
}

function nextPid(world: ContainerWorld): number {
  let pid = 1;
  for (const taken of world.processes.keys()) pid = Math.max(pid, taken + 1);
  return pid;
}
