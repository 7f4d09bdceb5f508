import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from '../../api/core-v1.generated.js';
import { type Filter, rejectedForGood } from '../filter.js';
import type { NodeInfo } from '../node-info.js';

/** `nodeSelector` and the required part of `nodeAffinity`. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/ */
export const nodeAffinity: Filter = (pod) => {
  const { nodeSelector, affinity } = pod.spec;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const labels = Object.entries(nodeSelector ?? {});
  if (labels.length === 0 && !required) return undefined;
  return (node) => {
    const fits =
      labels.every(([key, value]) => node.label(key) === value) &&
      (!required || matchesNodeSelector(required, node));
    return fits ? undefined : rejectedForGood("node(s) didn't match Pod's node affinity/selector");
  };
};

/** One of its terms must match; a selector without terms matches nothing. */
export function matchesNodeSelector(selector: NodeSelector, node: NodeInfo): boolean {
  return selector.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

/** All its expressions must match; an empty term matches nothing. */
export function matchesTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  node: NodeInfo,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((requirement) => holds(requirement, node.label(requirement.key))) &&
    matchFields.every((requirement) => requirement.key === 'metadata.name' && holds(requirement, node.name))
  );
}

function holds({ operator, values = [] }: NodeSelectorRequirement, actual: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return actual !== undefined && values.includes(actual);
    case 'NotIn':
      return actual === undefined || !values.includes(actual);
    case 'Exists':
      return actual !== undefined;
    case 'DoesNotExist':
      return actual === undefined;
    case 'Gt':
      return actual !== undefined && Number(actual) > Number(values[0]);
    case 'Lt':
      return actual !== undefined && Number(actual) < Number(values[0]);
  }
}
