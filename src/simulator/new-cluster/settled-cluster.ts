import type { Pod } from '../api/core-v1.generated.js';
import { assembleCluster } from '../assemble-cluster.js';
import { openClusterKeys } from '../certificates/cluster-keys.js';
import { ClusterClock } from '../clock/cluster-clock.js';
import type { NodeShape } from '../cluster.js';
import { openStore } from '../storage/open-store.js';
import type { Store } from '../storage/store.js';
import { ClusterMould } from './cluster-mould.js';

const STEP_MS = 1000;
/** When nothing was written for so many steps, what is not Ready yet will not become so. */
const MOST_QUIET_STEPS = 30;

const moulds = new Map<string, Promise<ClusterMould>>();

/**
 * The mould of a cluster with these nodes whose system pods are all running, made once a process: the first such cluster
 * comes up as any cluster does, in memory and with its clock run forward, and all others are casts of it.
 */
export function mouldOf(nodes: NodeShape[]): Promise<ClusterMould> {
  const key = JSON.stringify(nodes);
  const known = moulds.get(key);
  if (known) return known;
  const made = makeMould(nodes);
  moulds.set(key, made);
  made.catch(() => moulds.delete(key));
  return made;
}

async function makeMould(nodes: NodeShape[]): Promise<ClusterMould> {
  const keys = await openClusterKeys(undefined);
  const clock = new ClusterClock();
  const { store } = openStore(undefined);
  const cluster = await assembleCluster({ store, keys, clock, nodes });
  let quietSteps = 0;
  while (quietSteps < (isComplete(store) ? 1 : MOST_QUIET_STEPS)) {
    const { revision } = store;
    await clock.advance(STEP_MS);
    quietSteps = store.revision === revision ? quietSteps + 1 : 0;
  }
  await cluster.stop();
  clock.close();
  return new ClusterMould(store.contents(), keys.authority.certificate);
}

function isComplete(store: Store): boolean {
  const pods = store.list('pods') as Pod[];
  return pods.every(({ status }) =>
    status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
  );
}
