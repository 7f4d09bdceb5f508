import type { Pod } from '../api/core-v1.generated.js';
import type { PodDisruptionBudget } from '../api/policy-v1.generated.js';
import { selectorFrom, selectorMatches } from '../machinery/label-selector.js';
import { type ClusterView, viewWith } from './cluster-state.js';
import type { Rejection } from './filter.js';
import { whyNot } from './find-node.js';
import { unavailable } from './fit-message.js';
import type { NodeInfo } from './node-info.js';
import { priorityOf } from './priority.js';

/** A node that would fit after its victims are gone, or the scheduler's words for why there is none. */
export type Preemption = { node: NodeInfo; victims: Pod[] } | { refusal: string };

interface Candidate {
  node: NodeInfo;
  victims: Pod[];
  budgetViolations: number;
}

/**
 * Looks for the node where taking pods of lower priority away hurts least.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
 */
export function preempt(
  pod: Pod,
  cluster: ClusterView,
  rejections: ReadonlyMap<string, Rejection>,
): Preemption {
  if (pod.spec.preemptionPolicy === 'Never') {
    return { refusal: 'not eligible due to preemptionPolicy=Never.' };
  }
  const nominated = cluster.nodes.find(({ name }) => name === pod.status?.nominatedNodeName);
  const leaving = nominated?.pods.some(
    (other) => priorityOf(other) < priorityOf(pod) && other.metadata.deletionTimestamp !== undefined,
  );
  if (leaving) return { refusal: 'not eligible due to a terminating pod on the nominated node.' };

  const candidates: Candidate[] = [];
  const reasons: string[] = [];
  for (const node of cluster.nodes) {
    const final = rejections.get(node.name)?.final ?? true;
    const found = final ? 'Preemption is not helpful for scheduling' : victimsOn(node, pod, cluster);
    if (typeof found === 'string') reasons.push(found);
    else candidates.push(found);
  }
  const best = candidates.sort(byHarm)[0];
  return best ?? { refusal: unavailable(cluster.nodes.length, reasons) };
}

/** The fewest and least important pods whose going makes room; tried by putting back all that can stay. */
function victimsOn(node: NodeInfo, pod: Pod, cluster: ClusterView): Candidate | string {
  const lower = node.pods.filter((other) => priorityOf(other) < priorityOf(pod));
  if (lower.length === 0) return 'No preemption victims found for incoming pod';
  const rejection = fitsWithout(node, lower, pod, cluster);
  if (rejection) return rejection.reasons[0] ?? 'Preemption is not helpful for scheduling';

  const violating = budgetViolations(lower, cluster);
  const byImportance = [...lower].sort(
    (a, b) => Number(violating.has(b)) - Number(violating.has(a)) || moreImportantFirst(a, b),
  );
  let victims = lower;
  for (const spared of byImportance) {
    const fewer = victims.filter((victim) => victim !== spared);
    if (!fitsWithout(node, fewer, pod, cluster)) victims = fewer;
  }
  victims = [...victims].sort(moreImportantFirst);
  return { node, victims, budgetViolations: victims.filter((victim) => violating.has(victim)).length };
}

function fitsWithout(node: NodeInfo, victims: Pod[], pod: Pod, cluster: ClusterView): Rejection | undefined {
  const emptied = node.without(victims);
  return whyNot(pod, emptied, viewWith(cluster, emptied));
}

/** The pods whose eviction some disruption budget would not allow. */
function budgetViolations(pods: readonly Pod[], { client }: ClusterView): Set<Pod> {
  const budgets = client.list<PodDisruptionBudget>('poddisruptionbudgets.policy').map((budget) => ({
    namespace: budget.metadata.namespace,
    selector: selectorFrom(budget.spec.selector),
    allowed: budget.status?.disruptionsAllowed ?? 0,
  }));
  const violating = new Set<Pod>();
  for (const pod of [...pods].sort(moreImportantFirst)) {
    for (const budget of budgets) {
      if (budget.namespace !== pod.metadata.namespace) continue;
      if (!selectorMatches(budget.selector, pod.metadata.labels ?? {})) continue;
      budget.allowed--;
      if (budget.allowed < 0) violating.add(pod);
    }
  }
  return violating;
}

function moreImportantFirst(a: Pod, b: Pod): number {
  return priorityOf(b) - priorityOf(a) || (startOf(a) < startOf(b) ? -1 : 1);
}

const startOf = (pod: Pod) => pod.status?.startTime ?? pod.metadata.creationTimestamp;

/** Fewest broken budgets, then the lowest highest priority, the lowest sum, the fewest victims, the latest start. */
function byHarm(a: Candidate, b: Candidate): number {
  const highest = ({ victims }: Candidate) => Math.max(...victims.map(priorityOf));
  const total = ({ victims }: Candidate) =>
    victims.reduce((sum, victim) => sum + priorityOf(victim) + 2 ** 31, 0);
  const earliest = ({ victims }: Candidate) => {
    const top = victims.filter((victim) => priorityOf(victim) === priorityOf(victims[0] ?? victim));
    return top.map(startOf).sort()[0] ?? '';
  };
  return (
    a.budgetViolations - b.budgetViolations ||
    highest(a) - highest(b) ||
    total(a) - total(b) ||
    a.victims.length - b.victims.length ||
    (earliest(a) > earliest(b) ? -1 : 1)
  );
}
