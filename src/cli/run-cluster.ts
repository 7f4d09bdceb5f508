import { rename, writeFile } from 'node:fs/promises';
import type { NodeShape } from '../simulator/cluster.js';
import { startCluster } from '../simulator/start-cluster.js';

export interface ClusterSettings {
  kubeconfig: string;
  port: number;
  nodes: number;
  onlyControlPlane?: boolean;
  data?: string;
  clock: 'real' | 'fast';
}

const NAME = 'seatrial';
const NODE_SIZE = { cpu: '4', memory: '8Gi', pods: 110 };

/** As kubeadm makes it: https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-init/ */
const ADMINISTRATOR = { user: 'kubernetes-admin', groups: ['kubeadm:cluster-admins', 'system:masters'] };

/** Runs a cluster until SIGINT or SIGTERM; prints `ready` once the kubeconfig is written and the API server answers. */
export async function runCluster(settings: ClusterSettings): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  const cluster = await startCluster({
    name: NAME,
    nodes: nodeShapes(settings.nodes),
    clock: settings.clock,
    ...(settings.onlyControlPlane && { onlyControlPlane: true }),
    ...(settings.data !== undefined && { dataDirectory: settings.data }),
  });
  try {
    const address = await cluster.listen({ host: '127.0.0.1', port: settings.port });
    if (!('port' in address)) throw new Error('the cluster listens on a socket, not on a port');
    const server = `https://127.0.0.1:${address.port}`;
    await writePrivately(settings.kubeconfig, await cluster.kubeconfig(ADMINISTRATOR, server));
    console.error(`${server}, kubeconfig in ${settings.kubeconfig}`);
    console.log('ready');
    await stopped;
  } finally {
    await cluster.close();
  }
}

/** Readable by its owner only, and never half written. */
async function writePrivately(file: string, content: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, content, { mode: 0o600 });
  await rename(draft, file);
}

/** One control plane, the others workers; named as kind names them. */
function nodeShapes(count: number): NodeShape[] {
  return Array.from({ length: count }, (_, index) => {
    const name = index === 0 ? `${NAME}-control-plane` : `${NAME}-worker${index === 1 ? '' : index}`;
    return { name, controlPlane: index === 0, ...NODE_SIZE };
  });
}
