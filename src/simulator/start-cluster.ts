import { assembleCluster } from './assemble-cluster.js';
import { openClusterKeys } from './certificates/cluster-keys.js';
import { kubeconfigText } from './certificates/kubeconfig.js';
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
import { mouldOf } from './new-cluster/settled-cluster.js';
import type { KubernetesObject, ResourceName } from './object.js';
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
  const { store } = storage;
  if (!storage.resumed) {
    const mould = await mouldOf(nodes);
    const { certificate } = keys.authority;
    storage.fill(mould.cast({ nowMs: clock.now(), certificateAuthority: certificate }));
  }
  const containersRun = !storage.resumed;
  const { apiServer, stop } = await assembleCluster({
    store,
    keys,
    clock,
    nodes,
    dataDirectory,
    loadedImages: options.loadedImages,
    containersRun,
  });
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
    list<T extends KubernetesObject>(resource: ResourceName, namespace?: string) {
      return store.list(resource, namespace) as T[];
    },
    async advanceClock(byMs) {
      await clock.advance(byMs);
      clockFile.write(clock.offsetMs);
    },
    async close() {
      await stop();
      clock.close();
      clockFile.write(clock.offsetMs);
      storage.close();
    },
  };
}
