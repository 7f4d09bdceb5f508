import { type Filter, rejected, rejectedForGood } from '../filter.js';
import { podRequests } from '../pod-resources.js';

/** What the node can allocate must cover what its pods request, this one included. Limits and usage do not matter. */
export const resources: Filter = (pod) => {
  const needed = Object.entries(podRequests(pod)).filter(([, amount]) => amount > 0);
  return (node) => {
    const reasons: string[] = [];
    let final = false;
    if (node.podCount + 1 > (node.allocatable.pods ?? 0)) reasons.push('Too many pods');
    for (const [name, amount] of needed) {
      const allocatable = node.allocatable[name] ?? 0;
      if (amount <= allocatable - (node.requested[name] ?? 0)) continue;
      reasons.push(`Insufficient ${name}`);
      if (amount > allocatable) final = true;
    }
    if (reasons.length === 0) return undefined;
    return final ? rejectedForGood(...reasons) : rejected(...reasons);
  };
};
