import type { Affinity, NodeSelectorTerm, PodAffinity, PodAffinityTerm } from '../api/core-v1.generated.js';
import { qualifiedNameProblems } from '../machinery/names.js';
import { validateSelector, validateSetOperator } from './labels.js';
import { invalid, type Problems, required } from './problems.js';
import { checked, type Loose } from './rules.js';

/** https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/ */
export function* validateAffinity(field: string, affinity: Loose<Affinity> | undefined): Problems {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  if (nodeAffinity) {
    const path = `${field}.nodeAffinity`;
    const needed = nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    if (needed)
      yield* validateNodeSelector(
        `${path}.requiredDuringSchedulingIgnoredDuringExecution`,
        needed.nodeSelectorTerms ?? [],
      );
    const preferred = nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    for (const [index, term] of preferred.entries()) {
      const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      yield* validateWeight(`${at}.weight`, term.weight);
      yield* validateNodeSelectorTerm(`${at}.preference`, term.preference ?? {});
    }
  }
  if (podAffinity) yield* validatePodAffinity(`${field}.podAffinity`, podAffinity);
  if (podAntiAffinity) yield* validatePodAffinity(`${field}.podAntiAffinity`, podAntiAffinity);
}

export function* validateNodeSelector(field: string, terms: Loose<NodeSelectorTerm>[]): Problems {
  if (terms.length === 0)
    yield required(`${field}.nodeSelectorTerms`, 'must have at least one node selector term');
  for (const [index, term] of terms.entries())
    yield* validateNodeSelectorTerm(`${field}.nodeSelectorTerms[${index}]`, term);
}

function* validateNodeSelectorTerm(field: string, term: Loose<NodeSelectorTerm>): Problems {
  for (const [index, requirement] of (term.matchExpressions ?? []).entries()) {
    const path = `${field}.matchExpressions[${index}]`;
    const { operator = '', values = [] } = requirement;
    if (operator === 'Gt' || operator === 'Lt') {
      if (values.length !== 1)
        yield required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'");
    } else if (!(yield* validateSetOperator(path, operator, values))) {
      yield invalid(`${path}.operator`, operator, 'not a valid selector operator');
    }
    yield* checked(`${path}.key`, requirement.key ?? '', qualifiedNameProblems);
  }
}

function* validatePodAffinity(field: string, affinity: Loose<PodAffinity>): Problems {
  const needed = affinity.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  for (const [index, term] of needed.entries())
    yield* validatePodAffinityTerm(`${field}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`, term);
  const preferred = affinity.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  for (const [index, { weight, podAffinityTerm }] of preferred.entries()) {
    const path = `${field}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    yield* validateWeight(`${path}.weight`, weight);
    yield* validatePodAffinityTerm(`${path}.podAffinityTerm`, podAffinityTerm ?? {});
  }
}

function* validatePodAffinityTerm(field: string, term: Loose<PodAffinityTerm>): Problems {
  yield* validateSelector(`${field}.labelSelector`, term.labelSelector);
  yield* validateSelector(`${field}.namespaceSelector`, term.namespaceSelector);
  if (!term.topologyKey) yield required(`${field}.topologyKey`, 'can not be empty');
  else yield* checked(`${field}.topologyKey`, term.topologyKey, qualifiedNameProblems);
}

function* validateWeight(field: string, weight = 0): Problems {
  if (weight < 1 || weight > 100) yield invalid(field, weight, 'must be in the range 1-100');
}
