import { createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import type { Duplex } from 'node:stream';

const handlers = new WeakMap<object, RequestListener>();
let shared: Server | undefined;

/** Serves HTTP on one connection of the cluster network. One server object serves all connections of the process. */
export function serveHttp(connection: Duplex, handler: RequestListener): void {
  shared ??= createServer((incoming, response) => handlers.get(incoming.socket)?.(incoming, response));
  handlers.set(connection, handler);
  shared.emit('connection', connection);
}

export interface HttpRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string | Buffer;
}

export interface HttpAnswer {
  status: number;
  statusText: string;
  httpVersion: string;
  /** Name and value in turn, as they came. */
  rawHeaders: string[];
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** Answers larger than this are cut off. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Sends one request on a connection and reads the whole answer; rejects when the peer hangs up or `signal` aborts. */
export function fetchOver(
  connection: Duplex,
  message: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      createConnection: () => connection,
      method: message.method,
      path: message.path,
      headers: { connection: 'close', ...message.headers },
      setHost: false,
      signal,
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      incoming.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
      });
      incoming.once('error', reject);
      incoming.once('end', () => {
        connection.destroy();
        resolve({
          status: incoming.statusCode ?? 0,
          statusText: incoming.statusMessage ?? '',
          httpVersion: incoming.httpVersion,
          rawHeaders: incoming.rawHeaders,
          headers: incoming.headers,
          body: Buffer.concat(chunks),
        });
      });
    });
    outgoing.end(message.body);
  });
}
