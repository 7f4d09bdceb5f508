import { matchesTerm } from '../filters/node-affinity.js';
import { toleratesTaint } from '../filters/taints.js';
import type { Score } from '../score.js';

/** How many PreferNoSchedule taints the pod would have to put up with. */
export const preferredTaints: Score = (pod, candidates) =>
  candidates.map(
    ({ node }) =>
      (node.spec.taints ?? []).filter(
        (taint) => taint.effect === 'PreferNoSchedule' && !toleratesTaint(pod, taint),
      ).length,
  );

/** The weights of the preferred node affinity terms that a node matches. */
export const preferredNodes: Score = (pod, candidates) => {
  const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  if (preferred.length === 0) return undefined;
  return candidates.map((node) =>
    preferred
      .filter(({ preference }) => matchesTerm(preference, node))
      .reduce((sum, { weight }) => sum + weight, 0),
  );
};
