import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream } from 'ws';
import type { Pod } from '../../api/core-v1.generated.js';
import type { NodeAgent } from '../../kubelet/node-agent.js';
import { badRequest } from '../api-error.js';
import { requireNode } from './choose-container.js';
import { parseRemoteCommand, type RemoteCommand, runRemoteCommand } from './remote-command.js';
import { openSpdyCommand } from './spdy-command.js';
import { servePortForward } from './spdy-port-forward.js';
import { isSpdyRequest, upgradeToSpdy } from './spdy-upgrade.js';
import { openWebSocketCommand } from './websocket-command.js';
import { parsePorts, serveChannelPortForward } from './websocket-port-forward.js';
import { acceptWebSocket, chooseProtocol, isWebSocketRequest } from './websocket-server.js';

/** What an upgraded connection is about. */
export interface PodConnection {
  agent: NodeAgent;
  pod: Pod;
  subresource: 'exec' | 'attach' | 'portforward';
  query: URLSearchParams;
}

const SPDY_PORT_FORWARD = 'portforward.k8s.io';
/** SPDY inside a websocket, as kubectl 1.31 and newer forward ports. */
const TUNNELLED_PORT_FORWARD = 'SPDY/3.1+portforward.k8s.io';
const CHANNEL_PORT_FORWARDS = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'];

async function serveCommand(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { agent, pod }: PodConnection,
  command: RemoteCommand,
): Promise<void> {
  const open = isSpdyRequest(request) ? openSpdyCommand : openWebSocketCommand;
  const channel = await open(request, socket, head, command);
  if (channel) await runRemoteCommand(agent, pod, command, channel);
}

async function servePorts(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { agent, pod, query }: PodConnection,
): Promise<void> {
  requireNode(pod);
  const { uid } = pod.metadata;
  if (isSpdyRequest(request)) {
    upgradeToSpdy(request, socket, head, [SPDY_PORT_FORWARD]);
    return servePortForward(socket, agent, uid);
  }
  const protocol = chooseProtocol(request, [TUNNELLED_PORT_FORWARD, ...CHANNEL_PORT_FORWARDS]);
  if (protocol === TUNNELLED_PORT_FORWARD) {
    const webSocket = await acceptWebSocket(request, socket, head, protocol);
    return servePortForward(createWebSocketStream(webSocket), agent, uid);
  }
  const ports = parsePorts(query);
  const webSocket = await acceptWebSocket(request, socket, head, protocol);
  const encoding = protocol.includes('base64') ? 'base64' : 'binary';
  return serveChannelPortForward(webSocket, encoding, ports, agent, uid);
}

/**
 * Serves an upgrade request for pods/exec, pods/attach or pods/portforward, over websockets or SPDY/3.1. Rejects with
 * `ApiError` while the connection is still HTTP; afterwards resolves when the connection has ended.
 */
export async function handleUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  connection: PodConnection,
): Promise<void> {
  if (!isWebSocketRequest(request) && !isSpdyRequest(request)) throw badRequest('Upgrade request required');
  const { pod, subresource, query } = connection;
  if (subresource === 'portforward') return servePorts(request, socket, head, connection);
  await serveCommand(request, socket, head, connection, parseRemoteCommand(subresource, pod, query));
}
