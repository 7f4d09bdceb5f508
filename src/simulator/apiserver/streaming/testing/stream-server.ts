import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Pod } from '../../../api/core-v1.generated.js';
import { ApiError } from '../../api-error.js';
import { handleUpgrade, type PodConnection } from '../handle-upgrade.js';
import { streamLogs } from '../logs.js';
import type { FakeNodeAgent } from './fake-node-agent.js';

/** A pod called `web` with these containers, on a node. */
export function fakePod(containers: readonly string[] = ['main']): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web',
      namespace: 'default',
      uid: 'uid-1',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { nodeName: 'node-1', containers: containers.map((name) => ({ name })) },
    status: { phase: 'Running' },
  };
}

function refuse(socket: Duplex, error: unknown): void {
  const status = error instanceof ApiError ? error.toStatus() : { code: 500, message: String(error) };
  const body = JSON.stringify(status);
  socket.end(
    `HTTP/1.1 ${status.code} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Serves `/api/v1/namespaces/default/pods/web` and its streams over plain HTTP, without any check of who asks. */
export async function startStreamServer(
  agent: FakeNodeAgent,
  pod: Pod,
): Promise<{ server: Server; port: number }> {
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    try {
      if (pathname.endsWith('/log')) return await streamLogs(agent, pod, searchParams, response, 1_000_000);
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(pod));
    } catch (error) {
      const status = (error as ApiError).toStatus();
      response
        .writeHead(status.code ?? 500, { 'Content-Type': 'application/json' })
        .end(JSON.stringify(status));
    }
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const subresource = (pathname.split('/').at(-1) ?? '') as PodConnection['subresource'];
    handleUpgrade(request, socket, head, { agent, pod, subresource, query: searchParams }).catch((error) =>
      refuse(socket, error),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}
