import type { Pod } from '../api/core-v1.generated.js';
import type { ClusterView } from './cluster-state.js';
import type { Filter, NodeFilter, Rejection } from './filter.js';
import { hostPorts } from './filters/host-ports.js';
import { nodeAffinity } from './filters/node-affinity.js';
import { nodeName } from './filters/node-name.js';
import { podAffinity } from './filters/pod-affinity.js';
import { resources } from './filters/resources.js';
import { taints, unschedulable } from './filters/taints.js';
import { topologySpread } from './filters/topology-spread.js';
import { volumes } from './filters/volumes.js';
import type { NodeInfo } from './node-info.js';

/** In the order of the default profile: the first to reject a node gives the reason. */
const FILTERS: Filter[] = [
  unschedulable,
  nodeName,
  taints,
  nodeAffinity,
  hostPorts,
  resources,
  volumes,
  topologySpread,
  podAffinity,
];

export interface Findings {
  fitting: NodeInfo[];
  rejections: Map<string, Rejection>;
}

/** Which nodes the pod can go to, and why not to the others. Throws `PodRejected` when it can go nowhere. */
export function findNodes(pod: Pod, cluster: ClusterView): Findings {
  const filters = prepare(pod, cluster);
  const fitting: NodeInfo[] = [];
  const rejections = new Map<string, Rejection>();
  for (const node of cluster.nodes) {
    const rejection = firstRejection(filters, node);
    if (rejection) rejections.set(node.name, rejection);
    else fitting.push(node);
  }
  return { fitting, rejections };
}

/** Why the pod cannot go to this node of the view. */
export function whyNot(pod: Pod, node: NodeInfo, cluster: ClusterView): Rejection | undefined {
  return firstRejection(prepare(pod, cluster), node);
}

function prepare(pod: Pod, cluster: ClusterView): NodeFilter[] {
  return FILTERS.flatMap((filter) => filter(pod, cluster) ?? []);
}

function firstRejection(filters: NodeFilter[], node: NodeInfo): Rejection | undefined {
  for (const filter of filters) {
    const rejection = filter(node);
    if (rejection) return rejection;
  }
  return undefined;
}
