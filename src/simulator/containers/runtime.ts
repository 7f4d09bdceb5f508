import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { PassThrough } from 'node:stream';
import type { Clock } from '../clock/clock.js';
import type { ExecRequest, ExecResult, ExecStreams } from '../kubelet/node-agent.js';
import type { NetworkEndpoint } from '../network/cluster-network.js';
import type { ContainerLog } from './container-log.js';
import { createProcess, type ProcessEnd, type StartableProcess } from './create-process.js';
import { DEFAULT_PATH, findExecutable } from './executables.js';
import {
  baseOf,
  type DeviceNode,
  directory,
  EMPTY_BYTES,
  FileTree,
  file,
  type TreeNode,
} from './file-tree.js';
import type { Image } from './image.js';
import type { ImageCatalogue } from './image-catalogue.js';
import type { ContainerWorld, Program, SignalName, User } from './process.js';
import { ENTRYPOINT_LINES } from './programs/nginx.js';
import { PROGRAMS } from './programs/programs.js';
import { printEnvironment } from './programs/system-tools.js';
import { runShell, runTool } from './shell/run-shell.js';
import { ttyOutput } from './shell/terminal.js';

export interface ContainerMount {
  path: string;
  node: TreeNode;
  readOnly: boolean;
}

/** Everything a container is started from. */
export interface ContainerSpec {
  image: Image;
  /** The command line: entry point and arguments. */
  argv: string[];
  env: Record<string, string>;
  workingDir: string;
  user: User;
  hostname: string;
  /** Files that the kubelet makes, such as `/etc/hosts`, and volumes. */
  mounts: ContainerMount[];
  network: NetworkEndpoint;
  log: ContainerLog;
  /** Keeps a standard input open for `attach`. */
  stdin: boolean;
  tty: boolean;
  memoryLimitBytes: number | undefined;
  /** The process namespace of another container, to run in; one of its own unless told. */
  processes?: RunningContainer['processes'] | undefined;
}

export interface ContainerEnd extends ProcessEnd {
  outOfMemory: boolean;
}

/** The first process could not be started; `message` is what containerd reports. */
export class StartError extends Error {
  override name = 'StartError';
}

export interface RunningContainer {
  readonly exited: Promise<ContainerEnd>;
  readonly files: FileTree;
  /** Its process namespace. */
  readonly processes: ContainerWorld['processes'];
  /** Sends a signal to the first process. */
  signal(name: SignalName): void;
  /** Runs one more process. What cannot be started is an ExecResult with a message, in the words of containerd. */
  exec(request: Omit<ExecRequest, 'container'>): Promise<ExecResult>;
  /** Connects to the first process's input and output until it ends or `signal` aborts. */
  attach(streams: ExecStreams, signal: AbortSignal): Promise<ExecResult>;
}

/** Starts containers of one cluster; file systems are made when a program first needs them, not before. */
export class ContainerRuntime {
  constructor(
    private readonly catalogue: ImageCatalogue,
    private readonly clock: Clock,
  ) {}

  /** Starts a container; throws StartError when its command cannot run. */
  start(spec: ContainerSpec): RunningContainer {
    const world = this.createWorld(spec);
    const located = locate(world.files, spec.argv, spec.workingDir, spec.env['PATH']);
    if ('message' in located)
      throw new StartError(
        `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ${located.message}`,
      );
    const attached = new Set<ExecStreams>();
    const stdin = spec.stdin ? new PassThrough() : undefined;
    const emit = (stream: 'stdout' | 'stderr') => (output: string | Uint8Array) => {
      const text = spec.tty
        ? ttyOutput(output)
        : typeof output === 'string'
          ? output
          : Buffer.from(output).toString();
      spec.log.write(spec.tty ? 'stdout' : stream, text);
      for (const streams of attached) (spec.tty ? streams.stdout : streams[stream]).write(text);
    };
    const first = createProcess({
      world,
      argv: located.argv,
      env: spec.env,
      cwd: spec.workingDir,
      stdin,
      tty: spec.tty,
      stdout: emit('stdout'),
      stderr: emit('stderr'),
    });
    world.first = first;
    let outOfMemory = false;
    world.runOutOfMemory = () => {
      outOfMemory = true;
      first.signal('SIGKILL');
    };
    const exited = first.run(located.program).then((end) => {
      const own = [...world.processes.values()].filter((process) => process.world === world);
      for (const process of own) process.signal('SIGKILL');
      return { ...end, outOfMemory };
    });
    return {
      exited,
      files: world.files,
      processes: world.processes,
      signal: (name) => first.signal(name),
      exec: (request) => runInside(world, spec, request),
      attach: (streams, signal) => attachTo(attached, stdin, exited, streams, signal),
    };
  }

  private createWorld(spec: ContainerSpec): ContainerWorld {
    const files = new FileTree(this.catalogue.tree(spec.image), () => this.clock.now());
    const startedAtMs = this.clock.now();
    const world: ContainerWorld = {
      files,
      network: spec.network,
      clock: this.clock,
      hostname: spec.hostname,
      user: spec.user,
      memoryLimitBytes: spec.memoryLimitBytes,
      processes: spec.processes ?? new Map(),
      runOutOfMemory: () => {},
    };
    files.mountLazily('/dev', () => deviceDirectory(world));
    for (const mount of spec.mounts) files.mount(mount.path, mount.node, mount.readOnly);
    files.mountLazily('/proc', () => procDirectory(world, startedAtMs));
    return world;
  }
}

type Located = { argv: string[]; program: Program } | { message: string };

function locate(files: FileTree, argv: string[], cwd: string, path = DEFAULT_PATH): Located {
  const [command = '', ...args] = argv;
  const found = findExecutable(files, command, cwd, path);
  if (found.kind === 'missing') return { message: found.message };
  if (found.kind === 'script') return locate(files, [...found.interpreter, found.path, ...args], cwd, path);
  if (found.program === 'busybox' && args.length > 0) return locate(files, args, cwd, path);
  if (found.program === 'exec' || found.program === 'nginx-entrypoint')
    return throughEntrypoint(
      files,
      argv,
      cwd,
      path,
      found.program === 'nginx-entrypoint' ? ENTRYPOINT_LINES : [],
    );
  if (found.program === 'sh' || found.program === 'bash') {
    const direct = simpleCommand(args);
    const target = direct && locate(files, direct, cwd, path);
    if (target && 'program' in target && target.program !== runTool) return target;
    return { argv, program: runShell };
  }
  if (found.program === 'tool' && args.length === 0 && baseOf(found.path) === 'env')
    return { argv, program: printEnvironment };
  return { argv, program: found.program === 'tool' ? runTool : (PROGRAMS[found.program] ?? runTool) };
}

/** An image's entry point script, which says something and becomes the command that it is given. */
function throughEntrypoint(
  files: FileTree,
  argv: string[],
  cwd: string,
  path: string,
  lines: string[],
): Located {
  const [script = '', ...args] = argv;
  const target = locate(files, args, cwd, path);
  const speaks = args[0]?.startsWith('nginx') ? lines : [];
  return {
    argv: args,
    program: async (process) => {
      for (const line of speaks) process.stdout(`${line}\n`);
      if ('program' in target) return target.program(process);
      process.stderr(`${script}: exec: ${args[0] ?? ''}: not found\n`);
      return 127;
    },
  };
}

/** `sh -c 'sleep 3600'` becomes the command itself, as shells do for the last command of a script. */
function simpleCommand([flag, script = '', ...rest]: string[]): string[] | undefined {
  if (flag !== '-c' || rest.length > 0 || !/^[\w@%+:,./ -]+$/.test(script)) return undefined;
  const words = script
    .trim()
    .replace(/^exec +/, '')
    .split(/ +/);
  return words[0] === 'sleep' || words[0]?.includes('/') || words[0] === 'tail' ? words : undefined;
}

async function runInside(
  world: ContainerWorld,
  spec: ContainerSpec,
  request: Omit<ExecRequest, 'container'>,
): Promise<ExecResult> {
  const { streams, tty } = request;
  const located = locate(world.files, request.command, spec.workingDir, spec.env['PATH']);
  if ('message' in located) {
    const id = randomBytes(32).toString('hex');
    return {
      exitCode: 126,
      message: `failed to exec in container: failed to start exec "${id}": OCI runtime exec failed: exec failed: unable to start container process: ${located.message}`,
    };
  }
  const write = (stream: 'stdout' | 'stderr') => (output: string | Uint8Array) => {
    if (tty) streams.stdout.write(ttyOutput(output));
    else streams[stream].write(output);
  };
  const process: StartableProcess = createProcess({
    world,
    argv: located.argv,
    env: tty ? { TERM: 'xterm', ...spec.env } : spec.env,
    cwd: spec.workingDir,
    stdin: streams.stdin,
    tty,
    stdout: write('stdout'),
    stderr: write('stderr'),
    onResize: streams.onResize,
    signal: request.signal,
  });
  const { exitCode } = await process.run(located.program);
  return { exitCode };
}

async function attachTo(
  attached: Set<ExecStreams>,
  stdin: PassThrough | undefined,
  exited: Promise<ContainerEnd>,
  streams: ExecStreams,
  signal: AbortSignal,
): Promise<ExecResult> {
  attached.add(streams);
  const forward: Readable | undefined = stdin && streams.stdin;
  forward?.pipe(stdin as PassThrough);
  const left = new Promise<ExecResult>((resolve) =>
    signal.addEventListener('abort', () => resolve({ exitCode: 0 }), { once: true }),
  );
  try {
    return await Promise.race([left, exited.then(({ exitCode }) => ({ exitCode }))]);
  } finally {
    forward?.unpipe(stdin as PassThrough);
    attached.delete(streams);
  }
}

const device = (
  read: () => string | Uint8Array,
  append: (bytes: Uint8Array) => void = () => {},
): DeviceNode => ({
  kind: 'device',
  mode: 0o666,
  read: () => {
    const content = read();
    return typeof content === 'string' ? new TextEncoder().encode(content) : content;
  },
  append,
});

function deviceDirectory(world: ContainerWorld) {
  const dev = directory(world.clock.now());
  dev.children.set(
    'null',
    device(() => EMPTY_BYTES),
  );
  dev.children.set(
    'zero',
    device(() => new Uint8Array(4096)),
  );
  dev.children.set(
    'random',
    device(() => randomBytes(256)),
  );
  dev.children.set(
    'urandom',
    device(() => randomBytes(256)),
  );
  dev.children.set(
    'stdout',
    device(
      () => EMPTY_BYTES,
      (bytes) => world.first?.stdout(bytes),
    ),
  );
  dev.children.set(
    'stderr',
    device(
      () => EMPTY_BYTES,
      (bytes) => world.first?.stderr(bytes),
    ),
  );
  dev.children.set('termination-log', file('', world.clock.now(), 0o666));
  dev.children.set('shm', directory(world.clock.now(), 0o1777));
  return dev;
}

/** The first process's part of /proc; its output can be written to, as logging side programs do. */
function procDirectory(world: ContainerWorld, startedAtMs: number) {
  const now = startedAtMs;
  const proc = directory(now, 0o555);
  const first = directory(now, 0o555);
  const fd = directory(now, 0o500);
  fd.children.set(
    '1',
    device(
      () => EMPTY_BYTES,
      (bytes) => world.first?.stdout(bytes),
    ),
  );
  fd.children.set(
    '2',
    device(
      () => EMPTY_BYTES,
      (bytes) => world.first?.stderr(bytes),
    ),
  );
  first.children.set('fd', fd);
  first.children.set(
    'cmdline',
    device(() => (world.processes.get(1)?.argv ?? []).map((word) => `${word}\0`).join('')),
  );
  first.children.set(
    'environ',
    device(() =>
      Object.entries(world.processes.get(1)?.env ?? {})
        .map(([name, value]) => `${name}=${value}\0`)
        .join(''),
    ),
  );
  proc.children.set('1', first);
  proc.children.set(
    'uptime',
    device(() => `${((world.clock.now() - now) / 1000).toFixed(2)} 0.00\n`),
  );
  proc.children.set(
    'loadavg',
    device(() => '0.08 0.05 0.01 1/208 7\n'),
  );
  proc.children.set(
    'version',
    device(
      () =>
        'Linux version 6.8.0-45-generic (buildd@lcy02) (x86_64-linux-gnu-gcc-13) #45-Ubuntu SMP PREEMPT_DYNAMIC\n',
    ),
  );
  return proc;
}
