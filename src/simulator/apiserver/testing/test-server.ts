import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { type ClusterKeys, openClusterKeys } from '../../certificates/cluster-keys.js';
import { ClusterClock } from '../../clock/cluster-clock.js';
import type { ClientIdentity } from '../../cluster.js';
import { openStore } from '../../storage/open-store.js';
import { ApiServer } from '../api-server.js';
import type { Caller } from '../caller.js';

export const ADMINISTRATOR: ClientIdentity = { user: 'kubernetes-admin', groups: ['kubeadm:cluster-admins'] };

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every kind
  body: any;
}

export interface Sent {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  as?: ClientIdentity | 'anonymous';
}

let sharedKeys: Promise<ClusterKeys> | undefined;

/** An API server without controllers and nodes: what is written stays as it was written. */
export async function startTestServer(dataDirectory?: string) {
  sharedKeys ??= openClusterKeys(undefined);
  const keys = await sharedKeys;
  const clock = new ClusterClock();
  const storage = openStore(dataDirectory);
  const apiServer = new ApiServer({ store: storage.store, clock, keys, names: [] });
  const agents = new Map<string, Agent>();

  async function agentOf(as: ClientIdentity | 'anonymous'): Promise<Agent> {
    const known = agents.get(JSON.stringify(as));
    if (known) return known;
    const issued = as === 'anonymous' ? undefined : await keys.authority.issueClient(as);
    const agent = new Agent({
      keepAlive: true,
      ca: keys.authority.certificate,
      ...(issued && { cert: issued.certificate, key: issued.key }),
    });
    agents.set(JSON.stringify(as), agent);
    return agent;
  }

  let port: Promise<number> | undefined;
  const listen = async () => {
    const address = await apiServer.listen({ host: '127.0.0.1', port: 0 });
    return 'port' in address ? address.port : 0;
  };

  /** Sends a request and resolves with the response as soon as its headers are there. */
  async function open(path: string, { method = 'GET', body, headers, as = ADMINISTRATOR }: Sent = {}) {
    port ??= listen();
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const sent = request({
      agent: await agentOf(as),
      host: '127.0.0.1',
      port: await port,
      method,
      path,
      headers: {
        ...(text !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
        }),
        ...headers,
      },
    });
    sent.end(text);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  }

  return {
    registry: apiServer.registry,
    store: storage.store,
    client: apiServer.client('system:test'),
    clock,
    open,
    async call(path: string, sent: Sent = {}): Promise<Answer> {
      const response = await open(path, sent);
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      return { status: response.statusCode ?? 0, headers: response.headers, body: parse(text) };
    },
    async close() {
      for (const agent of agents.values()) agent.destroy();
      await apiServer.close();
      clock.close();
      storage.close();
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** An administrator who writes through the registry itself. */
export function testCaller(options: Partial<Caller> = {}): Caller {
  return {
    user: { name: 'test', groups: ['system:masters'] },
    fieldManager: 'test',
    dryRun: false,
    warn: () => undefined,
    ...options,
  };
}
