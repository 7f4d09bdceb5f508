import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import type { ClusterConnection } from '../../common/cluster-connection.js';

/** Concern one hop only; RFC 9110, section 7.6.1. */
const HOP_BY_HOP = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade'],
]);
/** Say who is asking: the proxy answers that itself. Impersonation would be done with the proxy's own rights. */
const IDENTIFYING = /^(authorization|cookie|x-seatrial-.*|impersonate-.*|x-remote-.*)$/;

/**
 * Passes a request on and streams the answer back, also an endless one (watch, logs -f). `path` is that at the target,
 * with its query. An unreachable target is answered with 502.
 */
export function proxyRequest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: ClusterConnection,
  path: string,
): void {
  const headers = forwardedHeaders(incoming.headers, target);
  if (incoming.headers['transfer-encoding']) headers['transfer-encoding'] = 'chunked';
  const upstream = openRequest(target, path, incoming.method ?? 'GET', headers);
  upstream.on('response', (response) => {
    outgoing.writeHead(response.statusCode ?? 502, withoutHopByHop(response.headers));
    outgoing.flushHeaders();
    pipeline(response, outgoing, () => upstream.destroy());
  });
  upstream.on('error', () => refuse(outgoing));
  outgoing.once('close', () => upstream.destroy());
  incoming.on('error', () => upstream.destroy());
  incoming.pipe(upstream);
}

/** Passes an upgrade (websocket, SPDY) on; afterwards bytes go both ways untouched. */
export function proxyUpgrade(
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  target: ClusterConnection,
  path: string,
): void {
  const headers = forwardedHeaders(incoming.headers, target);
  headers.connection = 'Upgrade';
  headers.upgrade = incoming.headers.upgrade;
  const upstream = openRequest(target, path, incoming.method ?? 'GET', headers);
  upstream.on('upgrade', (response, upstreamSocket, upstreamHead) => {
    socket.write(statusAndHeaders(response));
    if (upstreamHead.length > 0) socket.write(upstreamHead);
    if (head.length > 0) upstreamSocket.write(head);
    joinStreams(socket, upstreamSocket);
  });
  upstream.on('response', (response) => {
    socket.write(statusAndHeaders(response, { connection: 'close' }));
    pipeline(response, socket, () => socket.destroy());
  });
  upstream.on('error', () =>
    socket.end('HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'),
  );
  socket.on('error', () => upstream.destroy());
  socket.once('close', () => upstream.destroy());
  // kubectl's SPDY upgrades are POST requests without a body.
  upstream.end();
}

function openRequest(target: ClusterConnection, path: string, method: string, headers: OutgoingHttpHeaders) {
  const origin = new URL(target.origin);
  const request = origin.protocol === 'https:' ? requestHttps : requestHttp;
  return request({
    ...(target.socketPath
      ? { socketPath: target.socketPath }
      : { host: origin.hostname, port: origin.port || undefined }),
    ...(target.tls && {
      ca: target.tls.certificateAuthority,
      cert: target.tls.clientCertificate,
      key: target.tls.clientKey,
      servername: /^[\d.]+$|:/.test(origin.hostname) ? '' : origin.hostname,
    }),
    method,
    path: `${target.pathPrefix ?? ''}${path}`,
    headers: { ...headers, host: origin.host },
    agent: false,
  });
}

function forwardedHeaders(headers: IncomingHttpHeaders, target: ClusterConnection): OutgoingHttpHeaders {
  const kept = Object.entries(withoutHopByHop(headers)).filter(([name]) => !IDENTIFYING.test(name));
  return { ...Object.fromEntries(kept), ...target.headers };
}

function withoutHopByHop(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/);
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.includes(name));
  return Object.fromEntries(kept);
}

/** The head of an answer as it came, for sockets that are no `ServerResponse`. */
function statusAndHeaders(response: IncomingMessage, extra: Record<string, string> = {}): string {
  const lines = [`HTTP/1.1 ${response.statusCode} ${response.statusMessage}`];
  for (let index = 0; index + 1 < response.rawHeaders.length; index += 2) {
    const name = response.rawHeaders[index] ?? '';
    const isReplaced = name.toLowerCase() in extra || name.toLowerCase() === 'transfer-encoding';
    if (!isReplaced) lines.push(`${name}: ${response.rawHeaders[index + 1]}`);
  }
  for (const [name, value] of Object.entries(extra)) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function joinStreams(one: Duplex, other: Duplex): void {
  pipeline(one, other, one, () => {
    one.destroy();
    other.destroy();
  });
}

function refuse(outgoing: ServerResponse): void {
  if (outgoing.headersSent) outgoing.destroy();
  else outgoing.writeHead(502, { 'content-length': 0 }).end();
}
