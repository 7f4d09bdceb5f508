import type { Pod } from '../api/core-v1.generated.js';
import type { ClusterView } from './cluster-state.js';
import type { NodeInfo } from './node-info.js';
import type { Score } from './score.js';
import { balancedAllocation, leastAllocated } from './scores/allocation.js';
import { preferredNodes, preferredTaints } from './scores/preferences.js';
import { preferredPods } from './scores/preferred-pods.js';
import { evenSpread } from './scores/spread.js';

interface WeightedScore {
  score: Score;
  weight: number;
  /** Brings ratings to 0..100; those that are already in it, and mean it, stay as they are. */
  normalize: (ratings: number[]) => number[];
}

const asIs = (ratings: number[]) => ratings;

/** The best gets 100, the others their share of it. */
const byLargest = (ratings: number[]) => {
  const largest = Math.max(...ratings);
  return largest === 0 ? ratings : ratings.map((rating) => (100 * rating) / largest);
};

/** The smallest rating gets 100, the largest 0. */
const smallestFirst = (ratings: number[]) => {
  const [least, most] = [Math.min(...ratings), Math.max(...ratings)];
  return ratings.map((rating) => (most === least ? 100 : (100 * (most - rating)) / (most - least)));
};

const largestFirst = (ratings: number[]) => smallestFirst(ratings.map((rating) => -rating));

/** The default weights: https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins */
const SCORES: WeightedScore[] = [
  { score: preferredTaints, weight: 3, normalize: smallestFirst },
  { score: preferredNodes, weight: 2, normalize: byLargest },
  { score: leastAllocated, weight: 1, normalize: asIs },
  { score: balancedAllocation, weight: 1, normalize: asIs },
  { score: evenSpread, weight: 2, normalize: smallestFirst },
  { score: preferredPods, weight: 2, normalize: largestFirst },
];

/** The node that suits the pod best; of equal ones the emptiest, then the first by name. */
export function bestNode(
  pod: Pod,
  candidates: readonly NodeInfo[],
  cluster: ClusterView,
): NodeInfo | undefined {
  if (candidates.length <= 1) return candidates[0];
  const totals = candidates.map(() => 0);
  for (const { score, weight, normalize } of SCORES) {
    const ratings = score(pod, candidates, cluster);
    if (!ratings) continue;
    for (const [index, rating] of normalize(ratings).entries()) {
      totals[index] = (totals[index] ?? 0) + weight * Math.floor(rating);
    }
  }
  const ranked = candidates.map((node, index) => ({ node, total: totals[index] ?? 0 }));
  return ranked.reduce((best, next) => {
    const better = next.total - best.total || best.node.podCount - next.node.podCount;
    return better > 0 ? next : best;
  }).node;
}
