import type { Pod, TopologySpreadConstraint } from '../../api/core-v1.generated.js';
import { selectorFrom, selectorMatches } from '../../machinery/label-selector.js';
import type { ClusterView } from '../cluster-state.js';
import { type Filter, rejected, rejectedForGood } from '../filter.js';
import type { NodeInfo } from '../node-info.js';
import { nodeAffinity } from './node-affinity.js';
import { taints } from './taints.js';

const MESSAGE = "node(s) didn't match pod topology spread constraints";

/** https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
export const topologySpread: Filter = (pod, cluster) => {
  const constraints = (pod.spec.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
  );
  if (constraints.length === 0) return undefined;
  const keys = constraints.map(({ topologyKey }) => topologyKey);
  const counted = constraints.map((constraint) => ({
    constraint,
    self: matchesConstraint(constraint, pod, pod) ? 1 : 0,
    counts: countByDomain(constraint, pod, cluster, keys),
  }));
  return (node) => {
    for (const { constraint, self, counts } of counted) {
      const domain = node.label(constraint.topologyKey);
      if (domain === undefined) return rejectedForGood(`${MESSAGE} (missing required label)`);
      const tooFewDomains = counts.size < (constraint.minDomains ?? 1);
      const least = tooFewDomains || counts.size === 0 ? 0 : Math.min(...counts.values());
      if ((counts.get(domain) ?? 0) + self - least > constraint.maxSkew) return rejected(MESSAGE);
    }
    return undefined;
  };
};

/** How many pods of the constraint each domain has that this pod could go to. */
export function countByDomain(
  constraint: TopologySpreadConstraint,
  pod: Pod,
  cluster: ClusterView,
  requiredKeys: string[] = [constraint.topologyKey],
): Map<string, number> {
  const eligible = eligibility(constraint, pod, cluster);
  const counts = new Map<string, number>();
  for (const node of cluster.nodes) {
    const domain = node.label(constraint.topologyKey);
    if (domain === undefined || requiredKeys.some((key) => node.label(key) === undefined)) continue;
    if (!eligible(node)) continue;
    const here = node.pods.filter((other) => matchesConstraint(constraint, pod, other)).length;
    counts.set(domain, (counts.get(domain) ?? 0) + here);
  }
  return counts;
}

function eligibility(
  { nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' }: TopologySpreadConstraint,
  pod: Pod,
  cluster: ClusterView,
): (node: NodeInfo) => boolean {
  const affine = nodeAffinityPolicy === 'Honor' ? nodeAffinity(pod, cluster) : undefined;
  const untainted = nodeTaintsPolicy === 'Honor' ? taints(pod, cluster) : undefined;
  return (node) => !affine?.(node) && !untainted?.(node);
}

function matchesConstraint(constraint: TopologySpreadConstraint, pod: Pod, other: Pod): boolean {
  if (other.metadata.namespace !== pod.metadata.namespace) return false;
  if (other.metadata.deletionTimestamp !== undefined) return false;
  const labels = other.metadata.labels ?? {};
  const alike = (constraint.matchLabelKeys ?? []).every((key) => {
    const value = pod.metadata.labels?.[key];
    return value === undefined || labels[key] === value;
  });
  return alike && selectorMatches(selectorFrom(constraint.labelSelector), labels);
}
