import type { Namespace, Pod, PodAffinityTerm } from '../../api/core-v1.generated.js';
import { selectorFrom, selectorMatches } from '../../machinery/label-selector.js';
import type { ClusterView } from '../cluster-state.js';
import { type Filter, rejected, rejectedForGood } from '../filter.js';
import type { NodeInfo } from '../node-info.js';

type TermMatcher = (pod: Pod) => boolean;

/** Required affinity and anti-affinity to other pods, theirs to this one included. */
export const podAffinity: Filter = (pod, cluster) => {
  const wanted = terms(pod, 'podAffinity').map((term) => located(term, pod, cluster));
  const avoided = terms(pod, 'podAntiAffinity').map((term) => located(term, pod, cluster));
  const refusing = refusedLocations(pod, cluster);
  if (wanted.length + avoided.length + refusing.length === 0) return undefined;
  /** The first pod of a group that wants to be together may go anywhere. */
  const isFirst = wanted.every(({ values, matchesSelf }) => values.size === 0 && matchesSelf);

  return (node) => {
    const at = (term: Location) => node.label(term.topologyKey);
    const here = (term: Location) => {
      const value = at(term);
      return value !== undefined && term.values.has(value);
    };
    if (wanted.some((term) => at(term) === undefined || (!isFirst && !here(term)))) {
      return rejectedForGood("node(s) didn't match pod affinity rules");
    }
    if (avoided.some(here)) return rejected("node(s) didn't match pod anti-affinity rules");
    if (refusing.some(here)) return rejected("node(s) didn't satisfy existing pods anti-affinity rules");
    return undefined;
  };
};

interface Location {
  topologyKey: string;
  /** Where matching pods are. */
  values: Set<string>;
  matchesSelf: boolean;
}

function terms(pod: Pod, kind: 'podAffinity' | 'podAntiAffinity'): PodAffinityTerm[] {
  return pod.spec.affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

function located(term: PodAffinityTerm, pod: Pod, cluster: ClusterView): Location {
  const matches = termMatcher(term, pod, cluster);
  const values = new Set<string>();
  for (const node of cluster.nodes) {
    const value = node.label(term.topologyKey);
    if (value !== undefined && !values.has(value) && node.pods.some(matches)) values.add(value);
  }
  return { topologyKey: term.topologyKey, values, matchesSelf: matches(pod) };
}

/** Where running pods do not want this one near. */
function refusedLocations(pod: Pod, cluster: ClusterView): Location[] {
  return cluster.nodes.flatMap((node) =>
    [...node.avoidingPods].flatMap((other) =>
      terms(other, 'podAntiAffinity').flatMap((term) => refusal(term, other, node, pod, cluster)),
    ),
  );
}

function refusal(
  term: PodAffinityTerm,
  other: Pod,
  node: NodeInfo,
  pod: Pod,
  cluster: ClusterView,
): Location[] {
  const value = node.label(term.topologyKey);
  if (value === undefined || !termMatcher(term, other, cluster)(pod)) return [];
  return [{ topologyKey: term.topologyKey, values: new Set([value]), matchesSelf: false }];
}

/** Which pods a term of `owner` speaks of. */
export function termMatcher(term: PodAffinityTerm, owner: Pod, cluster: ClusterView): TermMatcher {
  const labels = owner.metadata.labels ?? {};
  const pick = (keys: string[] | undefined, operator: string) =>
    (keys ?? []).flatMap((key) => {
      const value = labels[key];
      return value === undefined ? [] : [{ key, operator, values: [value] }];
    });
  const selector = selectorFrom(
    term.labelSelector && {
      ...term.labelSelector,
      matchExpressions: [
        ...(term.labelSelector.matchExpressions ?? []),
        ...pick(term.matchLabelKeys, 'In'),
        ...pick(term.mismatchLabelKeys, 'NotIn'),
      ],
    },
  );
  const inNamespace = namespaceMatcher(term, owner, cluster);
  return ({ metadata }) =>
    inNamespace(metadata.namespace ?? '') && selectorMatches(selector, metadata.labels ?? {});
}

function namespaceMatcher(
  { namespaces = [], namespaceSelector }: PodAffinityTerm,
  owner: Pod,
  { client }: ClusterView,
): (namespace: string) => boolean {
  if (namespaces.length === 0 && !namespaceSelector)
    return (namespace) => namespace === owner.metadata.namespace;
  const selector = selectorFrom(namespaceSelector);
  return (namespace) =>
    namespaces.includes(namespace) ||
    selectorMatches(
      selector,
      client.get<Namespace>('namespaces', undefined, namespace)?.metadata.labels ?? {},
    );
}
