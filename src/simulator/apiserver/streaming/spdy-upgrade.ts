import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError } from '../api-error.js';

const PROTOCOL_HEADER = 'x-stream-protocol-version';

export function isSpdyRequest({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toUpperCase() === 'SPDY/3.1';
}

/**
 * Chooses the first of these protocols that the client offers and switches the connection to SPDY/3.1. Throws a 403
 * `ApiError`, with the connection untouched, when it offers none of them.
 */
export function upgradeToSpdy(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  supported: readonly string[],
): void {
  const offered = [request.headers[PROTOCOL_HEADER] ?? '']
    .flat()
    .join(',')
    .split(',')
    .map((each) => each.trim());
  const protocol = offered.find((each) => supported.includes(each));
  if (protocol === undefined)
    throw new ApiError(
      403,
      'Forbidden',
      `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${supported.join(' ')}]`,
    );
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    `X-Stream-Protocol-Version: ${protocol}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) socket.unshift(head);
}
