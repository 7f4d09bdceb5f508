import type { CommandName } from 'just-bash';
import { Bash, type CustomCommand, decodeBytesToUtf8, defineCommand, getCommandNames } from 'just-bash';
import type { DeviceNode } from '../file-tree.js';
import { EMPTY_BYTES } from '../file-tree.js';
import type { Process } from '../process.js';
import { programCommands } from './program-commands.js';
import { SHELL_STDERR, SHELL_STDOUT, ShellFiles } from './shell-files.js';
import { streamFirstScript } from './stream-output.js';
import { yieldCommand, yieldInLoops } from './yield-in-loops.js';

const UNLIMITED = 1e12;
const LIMITS = {
  maxCommandCount: UNLIMITED,
  maxLoopIterations: UNLIMITED,
  maxWorkUnits: UNLIMITED,
  maxExecutionTimeMs: 2 ** 31 - 1,
  maxOutputSize: 64 * 1024 * 1024,
  maxStringLength: 16 * 1024 * 1024,
};

const KNOWN_TOOLS = new Set<string>(getCommandNames());

/** A shell on a container's files, with the commands that its image has, in cluster time. */
export function createBash(process: Process, extraCommands: CustomCommand[] = []): Bash {
  const { files, clock, user } = process.world;
  const programs = programCommands(process);
  const builtins = [yieldCommand(), ...BUILTINS, ...extraCommands];
  const hidden = [...builtins, ...programs].map(({ name }) => name).filter((name) => name.startsWith('__'));
  const bash = new Bash({
    fs: new ShellFiles(
      files,
      outputDevices(process),
      new Set([...builtins.map(({ name }) => name), ...hidden]),
    ),
    cwd: process.cwd,
    env: process.env,
    commands: toolsOf(process),
    customCommands: [...builtins, ...ownCommands(process), ...programs],
    executionLimits: LIMITS,
    defenseInDepth: false,
    processInfo: { pid: process.pid, ppid: 0, uid: user.uid, gid: user.gid },
    sleep: (ms) => clock.sleep(ms, process.killed),
  });
  bash.registerTransformPlugin(streamFirstScript());
  bash.registerTransformPlugin(yieldInLoops);
  return bash;
}

/** Removes just-bash's own name from a message, and says "not found" as the shell of the image does. */
export function inWordsOf(shell: string, message: string): string {
  return message
    .replace(
      /^bash: (?:line \d+: )?(.*): command not found$/gm,
      shell === 'bash'
        ? 'bash: line 1: $1: command not found'
        : shell === 'dash'
          ? 'sh: 1: $1: not found'
          : 'sh: $1: not found',
    )
    .replace(/^bash: /gm, shell === 'bash' ? 'bash: ' : shell === 'dash' ? 'sh: 1: ' : 'sh: ');
}

function outputDevices(process: Process): Map<string, DeviceNode> {
  const shell = process.world.files.lookup('/bin/bash')
    ? 'bash'
    : process.world.files.lookup('/bin/busybox')
      ? 'busybox'
      : 'dash';
  const decoder = new TextDecoder();
  const device = (append: (bytes: Uint8Array) => void): DeviceNode => ({
    kind: 'device',
    mode: 0o666,
    read: () => EMPTY_BYTES,
    append,
  });
  const stdout = device((bytes) => process.stdout(bytes));
  const stderr = device((bytes) =>
    process.stderr(
      inWordsOf(
        process.argv[0]?.endsWith('bash') ? 'bash' : shell === 'bash' ? 'dash' : shell,
        decoder.decode(bytes),
      ),
    ),
  );
  return new Map([
    [SHELL_STDOUT, stdout],
    [SHELL_STDERR, stderr],
    ['/dev/stdout', stdout],
    ['/dev/stderr', stderr],
    ['/proc/self/fd/1', stdout],
    ['/proc/self/fd/2', stderr],
  ]);
}

/** The just-bash commands whose executables are on the path of this container. */
function toolsOf(process: Process): CommandName[] {
  const folders = (process.env['PATH'] ?? '/usr/bin:/bin').split(':');
  const names = new Set<string>();
  for (const folder of folders) {
    if (process.world.files.lookup(folder)?.kind !== 'directory') continue;
    for (const name of process.world.files.list(folder)) if (KNOWN_TOOLS.has(name)) names.add(name);
  }
  return [...names] as CommandName[];
}

/** A command's result that only prints. */
const printed = (stdout: string, exitCode = 0) => ({ stdout, stderr: '', exitCode });

/** What shells have built in and just-bash has not. */
const BUILTINS: CustomCommand[] = [
  defineCommand('ulimit', async () => printed('unlimited\n')),
  defineCommand('umask', async (args) => printed(args.length > 0 ? '' : '0022\n')),
  defineCommand('jobs', async () => printed('')),
];

/** Commands that just-bash answers from the host, or not as a process of this container would. */
function ownCommands(process: Process): CustomCommand[] {
  const { clock } = process.world;
  return [
    defineCommand('env', async (args, context) => {
      if (args.length > 0 && context.origCommand) return context.origCommand(args);
      return printed(environmentLines(context.exportedEnv ?? {}));
    }),
    defineCommand('printenv', async (args, context) => {
      const env = context.exportedEnv ?? {};
      if (args.length === 0) return printed(environmentLines(env));
      const found = args.filter((name) => env[name] !== undefined);
      return printed(found.map((name) => `${env[name]}\n`).join(''), found.length === args.length ? 0 : 1);
    }),
    defineCommand('sort', async (args, context) => {
      // Containers have the C locale, where bytes count; just-bash compares as people do.
      if (args.some((arg) => !/^-[ru]+$/.test(arg)))
        return (await context.origCommand?.(args)) ?? printed('', 127);
      const flags = args.join('');
      const lines = decodeBytesToUtf8(context.stdin).replace(/\n$/, '').split('\n').sort(byBytes);
      const kept = flags.includes('u') ? lines.filter((line, index) => line !== lines[index - 1]) : lines;
      if (flags.includes('r')) kept.reverse();
      return printed(kept.map((line) => `${line}\n`).join(''));
    }),
    defineCommand('date', async (args, context) => {
      const givesTime = args.some((arg) => /^(-d|-r|-s|--date|--reference|--set)/.test(arg));
      const now = givesTime ? [] : ['-d', `@${Math.floor(clock.now() / 1000)}`];
      return (await context.origCommand?.([...args, ...now])) ?? printed('', 127);
    }),
  ];
}

const byBytes = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);

function environmentLines(env: Record<string, string>): string {
  return Object.entries(env)
    .filter(([name]) => /^\w+$/.test(name) && name !== 'OLDPWD')
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
