import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { badRequest } from '../api-error.js';

const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Shows that a client is gone even while nothing is read from it. */
const PING_INTERVAL_MS = 20_000;

const protocols = new WeakMap<IncomingMessage, string>();
const server = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  maxPayload: MAX_MESSAGE_BYTES,
});
server.on('headers', (headers, request) => {
  headers.push(`Sec-WebSocket-Protocol: ${protocols.get(request) ?? ''}`);
});

export function isWebSocketRequest({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Completes a websocket handshake with the first of these subprotocols that the client offers, in the client's order.
 * Throws a 400 `ApiError`, with the connection untouched, when it offers none of them.
 */
export function chooseProtocol(request: IncomingMessage, supported: readonly string[]): string {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
  const protocol = offered.find((each) => supported.includes(each));
  if (protocol !== undefined) return protocol;
  throw badRequest(`unable to upgrade: the client offers none of the subprotocols ${supported.join(', ')}`);
}

/**
 * Completes the handshake of an upgrade request; resolves with the open websocket, which is paused until its reader is
 * there and resumes it.
 */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
): Promise<WebSocket> {
  protocols.set(request, protocol);
  // Kubernetes' subprotocol `SPDY/3.1+…` is no token, so a strict server would refuse the header.
  delete request.headers['sec-websocket-protocol'];
  return new Promise((resolve) => {
    server.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.pause();
      // Every failure is followed by `close`, which is what the streams listen to.
      webSocket.on('error', () => webSocket.terminate());
      const pinging = setInterval(() => webSocket.ping(), PING_INTERVAL_MS);
      webSocket.once('close', () => clearInterval(pinging));
      resolve(webSocket);
    });
  });
}
