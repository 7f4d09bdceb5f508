import type { Duplex } from 'node:stream';
import type { Endpoints, Node } from './api/core-v1.generated.js';
import type { EndpointSlice } from './api/discovery-v1.generated.js';
import type { Client } from './client.js';
import type { ClusterNetwork } from './network/cluster-network.js';
import type { Draft } from './object.js';

/** kubeadm's port of the API server. */
const PORT = 6443;
const SERVICE = { name: 'kubernetes', namespace: 'default' };

interface ServedFrom {
  client: Client;
  network: ClusterNetwork;
  /** Serves one connection to `address`. */
  accept(connection: Duplex, address: string): Promise<void>;
}

/**
 * Lets pods reach the API server as `https://kubernetes.default.svc`: on the control plane's address, which the API
 * server itself keeps as the endpoint of its Service. Nothing is done on a cluster without a control plane's node.
 */
export async function servePods({ client, network, accept }: ServedFrom): Promise<void> {
  const address = controlPlaneAddress(client);
  if (address === undefined) return;
  network.join(address, 'kube-system').listen(PORT, (connection) => {
    accept(connection, address).catch(() => connection.destroy());
  });
  const { name, namespace } = SERVICE;
  const port = { name: 'https', port: PORT, protocol: 'TCP' as const };
  if (!client.get('endpoints', namespace, name)) {
    await client.create<Endpoints>('endpoints', {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { ...SERVICE, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: [{ ip: address }], ports: [port] }],
    } as Draft<Endpoints>);
  }
  if (!client.get('endpointslices.discovery.k8s.io', namespace, name)) {
    await client.create<EndpointSlice>('endpointslices.discovery.k8s.io', {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...SERVICE, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: [port],
    } as Draft<EndpointSlice>);
  }
}

function controlPlaneAddress(client: Client): string | undefined {
  const node = client
    .list<Node>('nodes')
    .find(({ metadata }) => metadata.labels?.['node-role.kubernetes.io/control-plane'] !== undefined);
  return node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
}
