import { fetchOver, type HttpAnswer } from '../../network/http-over-stream.js';
import { NetworkError } from '../../network/network-error.js';
import type { Process, Program } from '../process.js';
import { openConnection, type Target, TlsError } from './open-connection.js';

function parseUrl(given: string): Target | undefined {
  try {
    const url = new URL(/^\w+:\/\//.test(given) ? given : `http://${given}`);
    const secure = url.protocol === 'https:';
    const port = Number(url.port) || (secure ? 443 : 80);
    return { host: url.hostname, port, path: url.pathname + url.search, secure };
  } catch {
    return undefined;
  }
}

const hostHeader = ({ host, port, secure }: Target) =>
  port === (secure ? 443 : 80) ? host : `${host}:${port}`;

/** A signal that aborts with the process or after `ms` of cluster time. */
function deadline(
  process: Process,
  ms: number | undefined,
): { signal: AbortSignal; timedOut: () => boolean; clear: () => void } {
  const controller = new AbortController();
  let timedOut = false;
  const timer =
    ms === undefined
      ? undefined
      : process.world.clock.schedule(ms, () => {
          timedOut = true;
          controller.abort(new NetworkError('ETIMEDOUT'));
        });
  const stop = () => controller.abort(process.killed.reason);
  process.killed.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    timedOut: () => timedOut,
    clear: () => {
      timer?.cancel();
      process.killed.removeEventListener('abort', stop);
    },
  };
}

/** busybox's wget: `-q`, `-O FILE|-`, `-T SECONDS`, `--spider`, `--header`, `--post-data`. */
export const wget: Program = async (process) => {
  const options = readWgetOptions(process.argv.slice(1));
  const target = options.url ? parseUrl(options.url) : undefined;
  if (!options.url || !target) {
    process.stderr('Usage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [-T SEC] [--header STR] URL...\n');
    return 1;
  }
  const [address] =
    /^[\d.]+$/.test(target.host) || target.host === 'localhost'
      ? [target.host === 'localhost' ? '127.0.0.1' : target.host]
      : process.world.network.resolve(target.host).addresses;
  if (!address) {
    process.stderr(`wget: bad address '${target.host}'\n`);
    return 1;
  }
  const shown = `${target.host} (${address}:${target.port})`;
  if (!options.quiet) process.stderr(`Connecting to ${shown}\n`);
  const limit = deadline(process, options.timeoutMs);
  try {
    const connection = await openConnection(process, target, { insecure: true });
    if (target.secure) process.stderr('wget: note: TLS certificate validation not implemented\n');
    const answer = await fetchOver(
      connection,
      {
        method: options.body === undefined ? 'GET' : 'POST',
        path: target.path,
        headers: { host: hostHeader(target), 'user-agent': 'Wget', ...options.headers },
        ...(options.body !== undefined && { body: options.body }),
      },
      limit.signal,
    );
    if (answer.status >= 400) {
      process.stderr(
        `wget: server returned error: HTTP/${answer.httpVersion} ${answer.status} ${answer.statusText}\n`,
      );
      return 1;
    }
    if (options.spider) {
      if (!options.quiet) process.stderr('remote file exists\n');
    } else save(process, options, target, answer.body);
    return 0;
  } catch (error) {
    if (limit.timedOut()) process.stderr('wget: download timed out\n');
    else
      process.stderr(
        `wget: can't connect to remote host (${address}): ${error instanceof NetworkError ? error.message : 'Connection reset by peer'}\n`,
      );
    return 1;
  } finally {
    limit.clear();
  }
};

interface WgetOptions {
  quiet: boolean;
  spider: boolean;
  output?: string;
  timeoutMs?: number;
  headers: Record<string, string>;
  body?: string;
  url?: string;
}

function readWgetOptions(args: string[]): WgetOptions {
  const options: WgetOptions = { quiet: false, spider: false, headers: {} };
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    const [long = '', inline] = arg.split(/=(.*)/s);
    if (long === '--spider') options.spider = true;
    else if (long === '--header') addHeader(options.headers, inline ?? args[++index] ?? '');
    else if (long === '--post-data') options.body = inline ?? args[++index] ?? '';
    else if (long === '--timeout') options.timeoutMs = Number(inline ?? args[++index]) * 1000;
    else if (long === '--quiet') options.quiet = true;
    else if (/^-\w/.test(arg)) {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at] ?? '';
        if (letter === 'q') options.quiet = true;
        if (!'OTto'.includes(letter)) continue;
        const value = arg.slice(at + 1) || args[++index] || '';
        if (letter === 'O') options.output = value;
        if (letter === 'T') options.timeoutMs = Number(value) * 1000;
        break;
      }
    } else if (!arg.startsWith('-')) options.url = arg;
  }
  return options;
}

function addHeader(headers: Record<string, string>, line: string): void {
  const [name = '', value = ''] = line.split(/:\s*(.*)/s);
  headers[name.toLowerCase()] = value;
}

function save(process: Process, options: WgetOptions, target: Target, body: Buffer): void {
  if (options.output === '-') {
    process.stdout(body);
    return;
  }
  const name = options.output ?? (target.path.split('?')[0]?.split('/').pop() || 'index.html');
  process.world.files.write(name.startsWith('/') ? name : `${process.cwd}/${name}`, body);
  if (!options.quiet) process.stderr(`saving to '${name}'\n'${name}' saved\n`);
}

/** curl: the options that one-liners use. Exit codes 3, 6, 7, 22, 28 as curl's manual lists them. */
export const curl: Program = async (process) => {
  const options = readCurlOptions(process.argv.slice(1));
  if (options.version) {
    process.stdout('curl 8.14.1 (x86_64-pc-linux-gnu) libcurl/8.14.1\n');
    return 0;
  }
  if (options.urls.length === 0) {
    process.stderr("curl: try 'curl --help' or 'curl --manual' for more information\n");
    return 2;
  }
  let exitCode = 0;
  for (const url of options.urls) exitCode = await fetchOne(process, options, url);
  return exitCode;
};

interface CurlOptions {
  urls: string[];
  method?: string;
  headers: Record<string, string>;
  body?: string;
  silent: boolean;
  showErrors: boolean;
  include: boolean;
  head: boolean;
  verbose: boolean;
  insecure: boolean;
  /** Path of a PEM file. */
  authorities?: string;
  fail: boolean;
  follow: boolean;
  version: boolean;
  output?: string;
  writeOut?: string;
  timeoutMs?: number;
}

const WITH_VALUE: Record<string, string> = {
  '--request': 'X',
  '--header': 'H',
  '--data': 'd',
  '--data-raw': 'd',
  '--output': 'o',
  '--write-out': 'w',
  '--max-time': 'm',
  '--connect-timeout': 'm',
  '--user-agent': 'A',
  '--url': 'U',
  '--retry': '?',
  '--resolve': '?',
  '--cacert': 'cacert',
  '--user': '?',
};
const FLAGS: Record<string, string> = {
  '--silent': 's',
  '--show-error': 'S',
  '--include': 'i',
  '--head': 'I',
  '--verbose': 'v',
  '--fail': 'f',
  '--location': 'L',
  '--insecure': 'k',
  '--version': 'V',
};

function readCurlOptions(args: string[]): CurlOptions {
  const options: CurlOptions = {
    urls: [],
    headers: {},
    silent: false,
    showErrors: false,
    include: false,
    head: false,
    verbose: false,
    insecure: false,
    fail: false,
    follow: false,
    version: false,
  };
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg.startsWith('--')) {
      const [name = '', inline] = arg.split(/=(.*)/s);
      const letter = WITH_VALUE[name];
      if (letter) setValue(options, letter, inline ?? args[++index] ?? '');
      else setFlag(options, FLAGS[name] ?? '');
    } else if (arg.startsWith('-') && arg.length > 1) {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at] ?? '';
        if ('XHdowmAu'.includes(letter)) {
          setValue(options, letter, arg.slice(at + 1) || args[++index] || '');
          break;
        }
        setFlag(options, letter);
      }
    } else options.urls.push(arg);
  }
  return options;
}

function setValue(options: CurlOptions, letter: string, value: string): void {
  if (letter === 'X') options.method = value;
  if (letter === 'H') addHeader(options.headers, value);
  if (letter === 'd') options.body = options.body === undefined ? value : `${options.body}&${value}`;
  if (letter === 'o') options.output = value;
  if (letter === 'w') options.writeOut = value;
  if (letter === 'm') options.timeoutMs = Number(value) * 1000;
  if (letter === 'A') options.headers['user-agent'] = value;
  if (letter === 'U') options.urls.push(value);
  if (letter === 'cacert') options.authorities = value;
}

function setFlag(options: CurlOptions, letter: string): void {
  if (letter === 's') options.silent = true;
  if (letter === 'S') options.showErrors = true;
  if (letter === 'i') options.include = true;
  if (letter === 'I') options.head = true;
  if (letter === 'v') options.verbose = true;
  if (letter === 'k') options.insecure = true;
  if (letter === 'f') options.fail = true;
  if (letter === 'L') options.follow = true;
  if (letter === 'V') options.version = true;
}

async function fetchOne(process: Process, options: CurlOptions, url: string): Promise<number> {
  const complain = (exitCode: number, text: string) => {
    if (!options.silent || options.showErrors) process.stderr(`curl: (${exitCode}) ${text}\n`);
    if (options.writeOut) process.stdout(writeOut(options.writeOut, undefined));
    return exitCode;
  };
  const target = parseUrl(url);
  if (!target) return complain(3, 'URL using bad/illegal format or missing URL');
  if (options.authorities !== undefined && process.world.files.lookup(options.authorities) === undefined)
    return complain(77, `error setting certificate file: ${options.authorities}`);
  const startedAt = process.world.clock.now();
  const limit = deadline(process, options.timeoutMs);
  try {
    const connection = await openConnection(process, target, {
      insecure: options.insecure,
      authorities: options.authorities && process.world.files.readText(options.authorities),
    });
    const answer = await fetchOver(
      connection,
      {
        method: options.method ?? (options.head ? 'HEAD' : options.body === undefined ? 'GET' : 'POST'),
        path: target.path,
        headers: {
          host: hostHeader(target),
          'user-agent': 'curl/8.14.1',
          accept: '*/*',
          ...(options.body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
          ...options.headers,
        },
        ...(options.body !== undefined && { body: options.body }),
      },
      limit.signal,
    );
    const location = answer.headers.location;
    if (options.follow && location && answer.status >= 300 && answer.status < 400)
      return await fetchOne(
        process,
        options,
        new URL(location, `${target.secure ? 'https' : 'http'}://${target.host}:${target.port}${target.path}`)
          .href,
      );
    if (options.fail && answer.status >= 400)
      return complain(22, `The requested URL returned error: ${answer.status}`);
    print(process, options, answer);
    return 0;
  } catch (error) {
    if (limit.timedOut())
      return complain(
        28,
        `Operation timed out after ${options.timeoutMs} milliseconds with 0 bytes received`,
      );
    if (error instanceof TlsError) return complain(error.exitCode, error.message);
    if (!(error instanceof NetworkError)) return complain(56, 'Recv failure: Connection reset by peer');
    if (error.code === 'ENOTFOUND') return complain(6, `Could not resolve host: ${target.host}`);
    return complain(
      7,
      `Failed to connect to ${target.host} port ${target.port} after ${Math.max(0, process.world.clock.now() - startedAt)} ms: Could not connect to server`,
    );
  } finally {
    limit.clear();
  }
}

function print(process: Process, options: CurlOptions, answer: HttpAnswer): void {
  const head = `${headOf(answer)}\r\n`;
  if (options.include || options.head) process.stdout(head);
  if (options.verbose) process.stderr(head.replace(/^(?=.)/gm, '< '));
  if (options.output === undefined) process.stdout(answer.body);
  else if (options.output !== '/dev/null')
    process.world.files.write(
      options.output.startsWith('/') ? options.output : `${process.cwd}/${options.output}`,
      answer.body,
    );
  if (options.writeOut) process.stdout(writeOut(options.writeOut, answer));
}

function headOf(answer: HttpAnswer): string {
  const lines = [`HTTP/${answer.httpVersion} ${answer.status} ${answer.statusText}\r\n`];
  for (let index = 0; index < answer.rawHeaders.length; index += 2)
    lines.push(`${answer.rawHeaders[index]}: ${answer.rawHeaders[index + 1]}\r\n`);
  return lines.join('');
}

function writeOut(format: string, answer: HttpAnswer | undefined): string {
  const values: Record<string, string> = {
    http_code: String(answer?.status ?? 0).padStart(3, '0'),
    response_code: String(answer?.status ?? 0).padStart(3, '0'),
    size_download: String(answer?.body.length ?? 0),
    time_total: '0.001000',
  };
  return format
    .replace(/%\{(\w+)\}/g, (_whole, name: string) => values[name] ?? '')
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t');
}
