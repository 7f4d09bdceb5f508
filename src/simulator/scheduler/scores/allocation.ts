import type { NodeInfo } from '../node-info.js';
import { nominalRequests, type Resources } from '../pod-resources.js';
import type { Score } from '../score.js';

const COMPARED = ['cpu', 'memory'];

/** The share of each compared resource that would be requested, 0 to 1. */
function shares(node: NodeInfo, added: Resources, requested: Readonly<Resources>): number[] {
  return COMPARED.flatMap((name) => {
    const allocatable = node.allocatable[name] ?? 0;
    if (allocatable === 0) return [];
    return [Math.min(1, ((requested[name] ?? 0) + (added[name] ?? 0)) / allocatable)];
  });
}

/** Prefers nodes with more left, 0 to 100. */
export const leastAllocated: Score = (pod, candidates) => {
  const added = nominalRequests(pod);
  return candidates.map((node) => {
    const used = shares(node, added, node.nominallyRequested);
    if (used.length === 0) return 0;
    return used.reduce((sum, share) => sum + 100 * (1 - share), 0) / used.length;
  });
};

/** Prefers nodes whose resources are used in equal measure, 0 to 100. */
export const balancedAllocation: Score = (pod, candidates) => {
  const added = nominalRequests(pod);
  return candidates.map((node) => {
    const [cpu = 0, memory = 0] = shares(node, added, node.nominallyRequested);
    return 100 * (1 - Math.abs(cpu - memory) / 2);
  });
};
