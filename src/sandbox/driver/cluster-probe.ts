import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ClusterConnection } from '../../common/cluster-connection.js';

const ANSWER_TIMEOUT_MS = 5_000;
const LARGEST_ANSWER_BYTES = 32 * 1024 ** 2;
const SHORTEST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 1_000;

const listSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z
        .object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).optional() })
        .optional(),
    }),
  ),
});

/** How many objects of a list there are, and the names of those that are not Ready. */
export interface Readiness {
  total: number;
  notReady: string[];
}

/** Reads nodes or pods and their `Ready` condition. Rejects when the API server does not answer with 200. */
export async function readReadiness(
  connection: ClusterConnection,
  path: '/api/v1/nodes' | '/api/v1/namespaces/kube-system/pods',
  signal: AbortSignal,
): Promise<Readiness> {
  return readinessOf(JSON.parse(await get(connection, path, signal)));
}

/** `list`: nodes or pods as the API server lists them. */
export function readinessOf(list: unknown): Readiness {
  const { items } = listSchema.parse(list);
  const isReady = (item: (typeof items)[number]) =>
    item.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  return {
    total: items.length,
    notReady: items.filter((item) => !isReady(item)).map((item) => item.metadata.name),
  };
}

/**
 * Asks until `isReached`, with growing pauses. Rejects with the signal's reason when aborted, its message ended by what
 * the cluster said last, since "timed out" alone helps nobody.
 */
export async function waitForReadiness(
  read: () => Promise<Readiness>,
  isReached: (readiness: Readiness) => boolean,
  signal: AbortSignal,
): Promise<void> {
  let last = 'it was not asked yet';
  for (let pauseMs = SHORTEST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      const readiness = await read();
      if (isReached(readiness)) return;
      last = `${readiness.total} there, not ready: ${readiness.notReady.join(', ') || 'none'}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw new Error(`gave up waiting: ${last}`, { cause: signal.reason });
  }
}

function get(connection: ClusterConnection, path: string, signal: AbortSignal): Promise<string> {
  const url = new URL(`${connection.pathPrefix ?? ''}${path}`, connection.origin);
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const tls = connection.tls && {
    ca: connection.tls.certificateAuthority,
    cert: connection.tls.clientCertificate,
    key: connection.tls.clientKey,
  };
  const options = {
    ...(connection.socketPath && { socketPath: connection.socketPath }),
    ...tls,
    headers: { accept: 'application/json', ...connection.headers },
    agent: false,
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
  };
  return new Promise((resolve, reject) => {
    const call = request(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('data', (part: string) => {
        text += part;
        if (text.length > LARGEST_ANSWER_BYTES) response.destroy(new Error('the answer is too large'));
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${path} was answered with ${response.statusCode}`));
      });
    });
    call.on('error', reject);
    call.end();
  });
}
