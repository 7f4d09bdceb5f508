import type { Program } from '../process.js';
import { fileServer, untilStopped } from './http-server.js';

/** Digits of pi by Gibbons' spigot, for the Job of Kubernetes' own documentation. */
function piDigits(count: number): string {
  let [q, r, t, k, n, l] = [1n, 0n, 1n, 1n, 3n, 3n];
  let digits = '';
  while (digits.length < count) {
    if (4n * q + r - t < n * t) {
      digits += n;
      const next = 10n * (r - n * t);
      n = (10n * (3n * q + r)) / t - 10n * n;
      q *= 10n;
      r = next;
    } else {
      const next = (2n * q + r) * l;
      n = (q * (7n * k) + 2n + r * l) / (t * l);
      q *= k;
      t *= l;
      l += 2n;
      k += 1n;
      r = next;
    }
  }
  return `${digits[0]}.${digits.slice(1)}`;
}

/** Perl is not simulated, but for `print bpi(N)` and for printing a constant. */
const perl: Program = async ({ argv, stdout, stderr }) => {
  const script = argv.at(-1) ?? '';
  const count = /print bpi\((\d{1,5})\)/.exec(script)?.[1];
  const constant = /^print\s+(?:"([^"]*)"|'([^']*)'|(\d+))\s*;?$/.exec(script);
  if (count) stdout(`${piDigits(Math.min(Number(count), 5000))}\n`);
  else if (constant) stdout((constant[1] ?? constant[2] ?? constant[3] ?? '').replaceAll('\\n', '\n'));
  else {
    stderr('perl: this script is beyond what the simulated container can run\n');
    return 2;
  }
  return 0;
};

/** Python is not simulated, but for `-m http.server`, `--version` and `-c 'print(…)'` of a constant. */
const python: Program = async (process) => {
  const { argv, stdout, stderr, cwd } = process;
  const args = argv.slice(1).filter((arg) => arg !== '-u');
  if (args[0] === '--version' || args[0] === '-V') {
    stdout('Python 3.13.5\n');
    return 0;
  }
  if (args[0] === '-m' && args[1] === 'http.server') {
    const folderAt = args.findIndex((arg) => arg === '-d' || arg === '--directory');
    const port = Number(args.slice(2).find((arg) => /^\d+$/.test(arg)) ?? 8000);
    const root = folderAt > 0 ? (args[folderAt + 1] ?? cwd) : cwd === '/' ? '' : cwd;
    return fileServer({
      port,
      root,
      server: 'SimpleHTTP/0.6 Python/3.13.5',
      start: () => `Serving HTTP on 0.0.0.0 port ${port} (http://0.0.0.0:${port}/) ...\n`,
      log: () => {},
    })(process);
  }
  const constant = /^print\(\s*(?:"([^"]*)"|'([^']*)'|(\d+))\s*\)$/.exec(
    args[0] === '-c' ? (args[1] ?? '') : '',
  );
  if (constant) {
    stdout(`${constant[1] ?? constant[2] ?? constant[3] ?? ''}\n`);
    return 0;
  }
  if (args.length === 0) return process.stdin ? untilStopped(process) : 0;
  stderr('python3: this program is beyond what the simulated container can run\n');
  return 2;
};

/** Node.js is not simulated, but for `--version` and `-e 'console.log(…)'` of a constant. */
const node: Program = async (process) => {
  const [, first, script = ''] = process.argv;
  if (first === '--version' || first === '-v') {
    process.stdout('v22.17.0\n');
    return 0;
  }
  const constant = /^console\.log\(\s*(?:"([^"]*)"|'([^']*)'|(\d+))\s*\)$/.exec(first === '-e' ? script : '');
  if (constant) {
    process.stdout(`${constant[1] ?? constant[2] ?? constant[3] ?? ''}\n`);
    return 0;
  }
  if (first === undefined) return process.stdin ? untilStopped(process) : 0;
  process.stderr('node: this program is beyond what the simulated container can run\n');
  return 2;
};

export const INTERPRETERS: Record<string, Program> = { perl, python, node };
