import type { Pod, TopologySpreadConstraint } from '../../api/core-v1.generated.js';
import { controllerOf } from '../../controllers/shared/owner-references.js';
import type { ClusterView } from '../cluster-state.js';
import { countByDomain } from '../filters/topology-spread.js';
import type { NodeInfo } from '../node-info.js';
import type { Score } from '../score.js';

const HOSTNAME = 'kubernetes.io/hostname';

/**
 * Spreads the pods of one controller over nodes, and those of soft spread constraints over their domains. The real
 * default spreads by the selectors of Services and controllers; a controller's own pods are nearly always the same.
 */
export const evenSpread: Score = (pod, candidates, cluster) => {
  const soft = (pod.spec.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway',
  );
  if (soft.length > 0) return byConstraints(soft, pod, candidates, cluster);
  if ((pod.spec.topologySpreadConstraints ?? []).length > 0) return undefined;
  const owner = controllerOf(pod)?.uid;
  if (owner === undefined) return undefined;
  return candidates.map((node) => node.countControlledBy(owner));
};

function byConstraints(
  constraints: TopologySpreadConstraint[],
  pod: Pod,
  candidates: readonly NodeInfo[],
  cluster: ClusterView,
): number[] {
  const counted = constraints.map((constraint) => ({
    key: constraint.topologyKey,
    weight: constraint.topologyKey === HOSTNAME ? 1 : 2,
    counts: countByDomain(constraint, pod, cluster),
  }));
  return candidates.map((node) =>
    counted.reduce(
      (sum, { key, weight, counts }) => sum + weight * (counts.get(node.label(key) ?? '') ?? 0),
      0,
    ),
  );
}
