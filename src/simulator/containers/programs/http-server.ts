import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { serveHttp } from '../../network/http-over-stream.js';
import { NetworkError } from '../../network/network-error.js';
import type { Process, Program } from '../process.js';

/** Serves HTTP on a port until the process is told to end; resolves with the exit code. */
export async function listenHttp(process: Process, port: number, handler: RequestListener): Promise<number> {
  const stop = process.world.network.listen(port, (connection, peer) => {
    peers.set(connection, peer.ip);
    serveHttp(connection, handler);
  });
  try {
    return await untilStopped(process);
  } finally {
    stop();
  }
}

const peers = new WeakMap<object, string>();

/** The address of the client of a request that `listenHttp` handed out. */
export const peerOf = (request: IncomingMessage) => peers.get(request.socket) ?? '127.0.0.1';

/** Resolves with 0 at SIGTERM or SIGINT, which the program handles. */
export function untilStopped(process: Process): Promise<number> {
  return new Promise((resolve) => {
    process.onSignal('SIGTERM', () => resolve(0));
    process.onSignal('SIGINT', () => resolve(0));
    process.killed.addEventListener('abort', () => resolve(137), { once: true });
  });
}

/** A server whose answer to every request is made by `answer`; the port can be given on the command line or in PORT. */
export function simpleServer(
  defaultPort: number,
  answer: (process: Process, request: IncomingMessage, response: ServerResponse) => void,
  banner?: (port: number) => string,
): Program {
  return async (process) => {
    const flag = process.argv.findIndex((arg) => /^--?(port|p|listen)$/.test(arg));
    const inline = process.argv.map((arg) => /^--?(?:port|listen)=:?(\d+)$/.exec(arg)?.[1]).find(Boolean);
    const port =
      Number(inline ?? (flag >= 0 ? process.argv[flag + 1]?.replace(':', '') : process.env['PORT'])) ||
      defaultPort;
    if (banner) process.stdout(banner(port));
    try {
      return await listenHttp(process, port, (request, response) => answer(process, request, response));
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      process.stderr(`listen tcp :${port}: bind: address already in use\n`);
      return 1;
    }
  };
}

/** Answers with plain text. */
export const sendText = (response: ServerResponse, body: string, status = 200) => {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
};

/** Serves the files under a directory, as httpd and Python's http.server do. */
export function fileServer(options: {
  port: number;
  root: string;
  server: string;
  start?: (process: Process) => string;
  log: (process: Process, request: IncomingMessage, status: number, bytes: number) => void;
}): Program {
  return async (process) => {
    const { world } = process;
    if (options.start) process.stderr(options.start(process));
    return listenHttp(process, options.port, (request, response) => {
      const path = decodeURIComponent((request.url ?? '/').split('?', 1)[0] ?? '/');
      const wanted = `${options.root}${path}`;
      const file = world.files.lookup(wanted)?.kind === 'directory' ? `${wanted}/index.html` : wanted;
      const found = world.files.lookup(file)?.kind === 'file' ? world.files.read(file) : undefined;
      const status = found ? 200 : 404;
      const body = found ?? Buffer.from(NOT_FOUND_PAGE);
      response.writeHead(status, {
        server: options.server,
        'content-type': contentType(file, status),
        'content-length': body.length,
      });
      response.end(request.method === 'HEAD' ? undefined : body);
      options.log(process, request, status, body.length);
    });
  };
}

const NOT_FOUND_PAGE =
  '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n';

export function contentType(path: string, status = 200): string {
  const types: Record<string, string> = {
    html: 'text/html',
    css: 'text/css',
    js: 'application/javascript',
    json: 'application/json',
    txt: 'text/plain',
    svg: 'image/svg+xml',
    png: 'image/png',
  };
  return status === 404
    ? 'text/html'
    : (types[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream');
}

/** `21/Nov/2026:02:21:48 +0000`, as in the common log format. */
export function commonLogTime(timeMs: number): string {
  const [, day, month, year, time] =
    /^\w+, (\d+) (\w+) (\d+) (\S+)/.exec(new Date(timeMs).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}
