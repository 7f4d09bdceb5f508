import { ApiServer } from './apiserver/api-server.js';
import { podStreams } from './apiserver/http/pod-streams.js';
import { KUBERNETES_VERSION } from './apiserver/kubernetes-version.js';
import type { ClusterKeys } from './certificates/cluster-keys.js';
import { signRequests } from './certificates/sign-requests.js';
import type { Clock } from './clock/clock.js';
import type { NodeShape } from './cluster.js';
import { startControllers } from './controllers/start-controllers.js';
import { type RunningNodes, startNodes } from './kubelet/start-nodes.js';
import { startScheduler } from './scheduler/start-scheduler.js';
import { servePods } from './serve-pods.js';
import type { Store } from './storage/store.js';

export interface ClusterParts {
  store: Store;
  keys: ClusterKeys;
  clock: Clock;
  /** None: the control plane only, without scheduler and kubelets. */
  nodes: NodeShape[];
  dataDirectory?: string | undefined;
  loadedImages?: readonly string[] | undefined;
  /** As `NodesContext.containersRun`. */
  containersRun?: boolean;
}

/** Starts everything that makes a cluster of what a store holds; nothing of it runs any more when `stop` resolves. */
export async function assembleCluster(
  parts: ClusterParts,
): Promise<{ apiServer: ApiServer; stop(): Promise<void> }> {
  const { store, keys, clock, nodes, dataDirectory, loadedImages = [], containersRun = false } = parts;
  let running: RunningNodes | undefined;
  const apiServer = new ApiServer({
    store,
    clock,
    keys,
    names: nodes.map((node) => node.name),
    streams: podStreams((nodeName) => running?.agentFor(nodeName)),
  });
  const controllers = startControllers({
    client: apiServer.client('system:kube-controller-manager'),
    clientFor: (user) => apiServer.client(user),
    clock,
    certificateAuthority: keys.authority.certificate,
  });
  const stopSigning = signRequests(
    apiServer.client('system:serviceaccount:kube-system:certificate-controller'),
    keys.authority,
  );
  const scheduler =
    nodes.length > 0
      ? startScheduler({ client: apiServer.client('system:kube-scheduler'), clock })
      : undefined;
  if (nodes.length > 0) {
    running = await startNodes({
      nodes,
      clientFor: (nodeName) => apiServer.client(`system:node:${nodeName}`),
      clock,
      kubernetesVersion: KUBERNETES_VERSION,
      containersRun,
      loadedImages,
      ...(dataDirectory !== undefined && { dataDirectory }),
    });
    await servePods({
      client: apiServer.client('system:apiserver'),
      network: running.network,
      accept: (connection, address) => apiServer.accept(connection, address),
    });
  }
  return {
    apiServer,
    async stop() {
      await apiServer.close();
      scheduler?.stop();
      controllers.stop();
      stopSigning();
      await running?.stop();
    },
  };
}
