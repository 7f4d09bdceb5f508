import type { Pod, WeightedPodAffinityTerm } from '../../api/core-v1.generated.js';
import type { ClusterView } from '../cluster-state.js';
import { termMatcher } from '../filters/pod-affinity.js';
import type { NodeInfo } from '../node-info.js';
import type { Score } from '../score.js';

/** Preferred affinity and anti-affinity of the pod to those that run already. */
export const preferredPods: Score = (pod, candidates, cluster) => {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const likes = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const dislikes = podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  if (likes.length + dislikes.length === 0) return undefined;
  const rate = [
    ...likes.map((term) => rating(term, 1, pod, cluster)),
    ...dislikes.map((term) => rating(term, -1, pod, cluster)),
  ];
  return candidates.map((node) => rate.reduce((sum, rateNode) => sum + rateNode(node), 0));
};

function rating(
  { podAffinityTerm, weight }: WeightedPodAffinityTerm,
  sign: 1 | -1,
  pod: Pod,
  cluster: ClusterView,
): (node: NodeInfo) => number {
  const matches = termMatcher(podAffinityTerm, pod, cluster);
  const byDomain = new Map<string, number>();
  for (const node of cluster.nodes) {
    const domain = node.label(podAffinityTerm.topologyKey);
    if (domain === undefined) continue;
    byDomain.set(domain, (byDomain.get(domain) ?? 0) + node.pods.filter(matches).length);
  }
  return (node) => sign * weight * (byDomain.get(node.label(podAffinityTerm.topologyKey) ?? '') ?? 0);
}
