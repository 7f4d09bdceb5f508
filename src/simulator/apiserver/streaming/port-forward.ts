import type { Duplex, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { NodeAgent } from '../../kubelet/node-agent.js';
import { sandboxId } from '../../kubelet/sandbox-id.js';

const MAX_PORT = 65_535;

/** A port number as clients write it; undefined when it is none. */
export function parsePort(text: string | undefined): number | undefined {
  const port = /^\d+$/.test(text ?? '') ? Number(text) : 0;
  return port >= 1 && port <= MAX_PORT ? port : undefined;
}

/**
 * Carries one connection to a port of a pod until both sides have ended. What goes wrong is written to `errors` in a
 * kubelet's words; it is ended in any case. Never rejects.
 */
export async function forwardConnection(
  agent: NodeAgent,
  podUid: string,
  port: number,
  client: Duplex,
  errors: Writable,
): Promise<void> {
  try {
    const pod = await agent.dial(podUid, port);
    pod.on('error', () => undefined);
    await Promise.allSettled([pipeline(client, pod), pipeline(pod, client)]);
    errors.end();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    errors.end(`error forwarding port ${port} to pod ${sandboxId(podUid)}, uid : ${reason}`);
    client.end();
  }
}
