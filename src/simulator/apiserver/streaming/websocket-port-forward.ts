import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { NodeAgent } from '../../kubelet/node-agent.js';
import { badRequest } from '../api-error.js';
import { forwardConnection, parsePort } from './port-forward.js';
import { type ChannelEncoding, WebSocketChannels } from './websocket-channels.js';

/** The ports in the query, which clients without SPDY name beforehand; throws a 400 `ApiError`. */
export function parsePorts(query: URLSearchParams): number[] {
  const ports = query.getAll('ports').flatMap((each) => each.split(','));
  if (ports.length === 0) throw badRequest('query parameter "port" is required');
  return ports.map((text) => {
    const port = parsePort(text);
    if (port === undefined) throw badRequest(`unable to parse "${text}" as a port`);
    return port;
  });
}

/**
 * Forwards one connection a port over channels: 2n carries the data of the nth port and 2n+1 its errors; both begin with
 * the port's number in two bytes. Resolves when the client is gone.
 */
export async function serveChannelPortForward(
  webSocket: WebSocket,
  encoding: ChannelEncoding,
  ports: readonly number[],
  agent: NodeAgent,
  podUid: string,
): Promise<void> {
  const channels = new WebSocketChannels(webSocket, encoding);
  const readers = ports.map((_, index) => channels.reader(2 * index));
  webSocket.resume();
  const connections = readers.map(async (readable, index) => {
    const port = ports[index] ?? 0;
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    const data = Duplex.from({ readable, writable: channels.writer(2 * index) });
    data.on('error', () => undefined);
    const errors = channels.writer(2 * index + 1);
    await channels.send(2 * index, number);
    await channels.send(2 * index + 1, number);
    await forwardConnection(agent, podUid, port, data, errors);
  });
  await Promise.allSettled(connections);
  webSocket.close();
}
