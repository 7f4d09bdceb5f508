import type { Pod } from '../../api/core-v1.generated.js';
import { isPodReady, podCondition } from '../shared/pod-state.js';

const PHASE_RANK: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

type Comparison = (a: Pod, b: Pod) => number;

/**
 * The `count` pods that a scale-down takes first: unassigned, pending, not ready, cheap to delete, crowded on their node,
 * ready for a shorter time (by order of magnitude), restarted often, young.
 * https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset
 */
export function choosePodsToDelete(
  pods: readonly Pod[],
  count: number,
  podsPerNode: ReadonlyMap<string, number>,
  nowMs: number,
): Pod[] {
  if (count >= pods.length) return [...pods];
  const crowding = (pod: Pod) => podsPerNode.get(pod.spec.nodeName ?? '') ?? 0;
  const comparisons: Comparison[] = [
    ascending((pod) => (pod.spec.nodeName ? 1 : 0)),
    ascending((pod) => PHASE_RANK[pod.status?.phase ?? ''] ?? 0),
    ascending((pod) => (isPodReady(pod) ? 1 : 0)),
    ascending(deletionCost),
    ascending((pod) => -crowding(pod)),
    byAge(readySince, nowMs),
    ascending((pod) => -restarts(pod)),
    byAge((pod) => pod.metadata.creationTimestamp, nowMs),
  ];
  return [...pods].sort((a, b) => firstDifference(comparisons, a, b)).slice(0, count);
}

function firstDifference(comparisons: Comparison[], a: Pod, b: Pod): number {
  for (const compare of comparisons) {
    const difference = compare(a, b);
    if (difference !== 0) return difference;
  }
  return 0;
}

function ascending(rank: (pod: Pod) => number): Comparison {
  return (a, b) => rank(a) - rank(b);
}

/** Younger first; ages of the same power of two are alike, and then the uid decides, so that no zone is preferred. */
function byAge(since: (pod: Pod) => string | undefined, nowMs: number): Comparison {
  const magnitude = (time: string) => Math.floor(Math.log2(Math.max(1, nowMs - Date.parse(time))));
  return (a, b) => {
    const [sinceA, sinceB] = [since(a), since(b)];
    if (sinceA === sinceB || sinceA === undefined || sinceB === undefined) return 0;
    return magnitude(sinceA) - magnitude(sinceB) || (a.metadata.uid < b.metadata.uid ? -1 : 1);
  };
}

function readySince(pod: Pod): string | undefined {
  return isPodReady(pod) ? podCondition(pod, 'Ready')?.lastTransitionTime : undefined;
}

function deletionCost(pod: Pod): number {
  return Number.parseInt(pod.metadata.annotations?.[DELETION_COST] ?? '0', 10) || 0;
}

function restarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount));
}
