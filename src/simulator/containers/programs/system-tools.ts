import type { Process, Program } from '../process.js';
import { SIGNAL_NUMBERS, type SignalName } from '../process.js';

const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
/** The longest time that timers are asked to wait at once. */
const FOREVER_MS = 2 ** 31 - 1;

/** Waits in cluster time: `sleep 1.5`, `sleep 2m 3s`, `sleep infinity`. */
export const sleep: Program = async (process) => {
  let seconds = 0;
  for (const argument of process.argv.slice(1)) {
    const match = /^(\d*\.?\d+)([smhd]?)$/.exec(argument);
    if (argument === 'infinity') seconds = Number.POSITIVE_INFINITY;
    else if (match) seconds += Number(match[1]) * (UNIT_SECONDS[match[2] || 's'] ?? 1);
    else {
      process.stderr(`sleep: invalid number '${argument}'\n`);
      return 1;
    }
  }
  let remainingMs = seconds * 1000;
  while (remainingMs > 0) {
    const stepMs = Math.min(remainingMs, FOREVER_MS);
    await process.world.clock.sleep(stepMs, process.killed);
    remainingMs -= stepMs;
  }
  return 0;
};

/** `tail`, also with `-f`, which shows what is added to a file until it is stopped. */
export const tail: Program = async (process) => {
  const args = process.argv.slice(1);
  const follow = args.some((arg) => /^-\w*[fF]/.test(arg) || arg === '--follow');
  const countAt = args.findIndex((arg) => arg === '-n' || arg === '-c');
  const given =
    args.find((arg) => /^-n?\d+$/.test(arg))?.replace(/^-n?/, '') ??
    (countAt >= 0 ? args[countAt + 1] : undefined);
  const paths = args.filter((arg, index) => !arg.startsWith('-') && (countAt < 0 || index !== countAt + 1));
  const path = paths[0];
  const retries = args.some((arg) => /^-\w*F/.test(arg) || arg === '--retry');
  const found = path ? readFile(process, path) : await readInput(process);
  if (found === undefined)
    process.stderr(`tail: cannot open '${path}' for reading: No such file or directory\n`);
  if (found === undefined && !retries) return 1;
  const text = found ?? '';
  process.stdout(lastLines(text, given ?? '10'));
  if (!follow || path === undefined) return 0;
  let seen = text.length;
  for (;;) {
    await process.world.clock.sleep(path === '/dev/null' ? 3_600_000 : 1000, process.killed);
    const now = readFile(process, path) ?? '';
    if (now.length > seen) process.stdout(now.slice(seen));
    seen = now.length;
  }
};

function lastLines(text: string, count: string): string {
  const lines = text.split(/(?<=\n)/);
  return (
    count.startsWith('+') ? lines.slice(Number(count) - 1) : lines.slice(-Number(count) || lines.length)
  ).join('');
}

function readFile({ world, cwd }: Process, path: string): string | undefined {
  return world.files.readText(path.startsWith('/') ? path : `${cwd}/${path}`);
}

async function readInput(process: Process): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

/** `env` without arguments, run by itself. */
export const printEnvironment: Program = async ({ env, stdout }) => {
  for (const [name, value] of Object.entries(env)) stdout(`${name}=${value}\n`);
  return 0;
};

export const hostname: Program = async ({ argv, world, stdout }) => {
  stdout(`${argv[1] === '-i' || argv[1] === '-I' ? world.network.ip : world.hostname}\n`);
  return 0;
};

export const whoami: Program = async ({ world, stdout }) => {
  stdout(`${world.user.name}\n`);
  return 0;
};

export const id: Program = async ({ argv, world, stdout }) => {
  const { uid, gid, name } = world.user;
  if (argv[1] === '-u') stdout(`${uid}\n`);
  else if (argv[1] === '-g') stdout(`${gid}\n`);
  else
    stdout(
      `uid=${uid}${name ? `(${name})` : ''} gid=${gid}${gid === 0 ? '(root)' : ''} groups=${gid}${gid === 0 ? '(root)' : ''}\n`,
    );
  return 0;
};

export const uname: Program = async ({ argv, world, stdout }) => {
  const option = argv[1] ?? '-s';
  const release = '6.8.0-45-generic';
  if (option.includes('a'))
    stdout(`Linux ${world.hostname} ${release} #45-Ubuntu SMP PREEMPT_DYNAMIC x86_64 GNU/Linux\n`);
  else
    stdout(
      `${option.includes('r') ? release : option.includes('m') ? 'x86_64' : option.includes('n') ? world.hostname : 'Linux'}\n`,
    );
  return 0;
};

export const df: Program = async ({ world, stdout }) => {
  const rows = ['/', ...world.files.mountPoints()].map(
    (path) => `overlay              102626232  21873604  75493364  22% ${path}\n`,
  );
  stdout(`Filesystem           1K-blocks      Used Available Use% Mounted on\n${rows.join('')}`);
  return 0;
};

export const mount: Program = async ({ world, stdout }) => {
  stdout(
    [
      'overlay on / type overlay (rw,relatime)',
      ...world.files.mountPoints().map((path) => `/dev/vda1 on ${path} type ext4 (rw,relatime)`),
      '',
    ].join('\n'),
  );
  return 0;
};

export const free: Program = async ({ world, stdout }) => {
  const total = Math.floor((world.memoryLimitBytes ?? 8 * 1024 ** 3) / 1024);
  const used = Math.floor(total / 5);
  stdout(
    `              total        used        free      shared  buff/cache   available\nMem:        ${total}     ${used}     ${total - used}           0           0     ${total - used}\nSwap:             0           0           0\n`,
  );
  return 0;
};

export const ps: Program = async ({ world, stdout }) => {
  const rows = [...world.processes.values()].map((each) => {
    const seconds = Math.floor((world.clock.now() - each.startedAtMs) / 1000);
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    return `${String(each.pid).padStart(5)} ${(world.user.name || String(world.user.uid)).padEnd(8)} ${time.padStart(5)} ${each.argv.join(' ')}\n`;
  });
  stdout(`PID   USER     TIME  COMMAND\n${rows.join('')}`);
  return 0;
};

/** The name of the terminal, of which a process with one has the first. */
export const tty: Program = async (process) => {
  process.stdout(process.tty ? '/dev/pts/0\n' : 'not a tty\n');
  return process.tty ? 0 : 1;
};

export const kill: Program = async ({ argv, world, stderr }) => {
  const args = argv.slice(1);
  let signal: SignalName = 'SIGTERM';
  if (args[0] === '-s') signal = signalNamed(args.splice(0, 2)[1] ?? '');
  else if (args[0]?.startsWith('-')) signal = signalNamed(args.shift()?.slice(1) ?? '');
  let exitCode = 0;
  for (const given of args) {
    const target = world.processes.get(Number(given));
    if (target) {
      // Processes of a container cannot kill its first one with SIGKILL either.
      if (!(target.pid === 1 && signal === 'SIGKILL')) target.signal(signal);
    } else {
      stderr(`kill: can't kill pid ${given}: No such process\n`);
      exitCode = 1;
    }
  }
  return exitCode;
};

function signalNamed(given: string): SignalName {
  const names = Object.keys(SIGNAL_NUMBERS) as SignalName[];
  return (
    names.find(
      (name) => name === given || name === `SIG${given}` || SIGNAL_NUMBERS[name] === Number(given),
    ) ?? 'SIGTERM'
  );
}
