import { ApiServer } from './apiserver/api-server.js';
import { podStreams } from './apiserver/http/pod-streams.js';
import { KUBERNETES_VERSION } from './apiserver/kubernetes-version.js';
import { openClusterKeys } from './certificates/cluster-keys.js';
import { kubeconfigText } from './certificates/kubeconfig.js';
import { signRequests } from './certificates/sign-requests.js';
import { ClockFile } from './clock/clock-file.js';
import { ClusterClock } from './clock/cluster-clock.js';
import type {
  ClientIdentity,
  Cluster,
  ClusterOptions,
  Credentials,
  ListenAddress,
  NodeShape,
} from './cluster.js';
import { startControllers } from './controllers/start-controllers.js';
import { type RunningNodes, startNodes } from './kubelet/start-nodes.js';
import { startScheduler } from './scheduler/start-scheduler.js';
import { openStore } from './storage/open-store.js';

/** kind's names for one control plane and two workers, on a machine of ordinary size. */
const SIZE = { cpu: '4', memory: '8Gi', pods: 110 };
const DEFAULT_NODES: NodeShape[] = ['control-plane', 'worker', 'worker2'].map((role, index) => ({
  name: `seatrial-${role}`,
  controlPlane: index === 0,
  ...SIZE,
}));

/**
 * Starts a simulated cluster, or the one that `dataDirectory` holds. Resolves when its API server answers in process;
 * `listen` opens it to kubectl. Rejects when the directory cannot be read or written.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { name, dataDirectory } = options;
  const nodes = options.onlyControlPlane ? [] : (options.nodes ?? DEFAULT_NODES);
  const keys = await openClusterKeys(dataDirectory);
  const clockFile = new ClockFile(dataDirectory);
  const clock = new ClusterClock({ mode: options.clock ?? 'real', offsetMs: clockFile.read() });
  const storage = openStore(dataDirectory);
  let running: RunningNodes | undefined;
  const apiServer = new ApiServer({
    store: storage.store,
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
      ...(dataDirectory !== undefined && { dataDirectory }),
    });
  }
  const issueCredentials = async (identity: ClientIdentity): Promise<Credentials> => {
    const { certificate, key } = await keys.authority.issueClient(identity);
    return {
      certificateAuthority: keys.authority.certificate,
      clientCertificate: certificate,
      clientKey: key,
    };
  };
  return {
    name,
    listen: (address: ListenAddress) => apiServer.listen(address),
    issueCredentials,
    async kubeconfig(identity, server) {
      const credentials = await issueCredentials(identity);
      return kubeconfigText({ cluster: name, user: identity.user, server, credentials });
    },
    async advanceClock(byMs) {
      await clock.advance(byMs);
      clockFile.write(clock.offsetMs);
    },
    async close() {
      await apiServer.close();
      scheduler?.stop();
      controllers.stop();
      stopSigning();
      await running?.stop();
      clock.close();
      clockFile.write(clock.offsetMs);
      storage.close();
    },
  };
}
