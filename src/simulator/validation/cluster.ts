import type { CustomResourceDefinition } from '../api/apiextensions-v1.generated.js';
import type { HorizontalPodAutoscaler } from '../api/autoscaling-v2.generated.js';
import type { PodDisruptionBudget } from '../api/policy-v1.generated.js';
import type { PriorityClass } from '../api/scheduling-v1.generated.js';
import { dns1035LabelProblems, dns1123SubdomainProblems } from '../machinery/names.js';
import { validateSelector } from './labels.js';
import { forbidden, invalid, type Problems, required } from './problems.js';
import {
  checked,
  immutable,
  type Loose,
  requiredAnd,
  requiredOneOf,
  requiredText,
  rulesFor,
} from './rules.js';
import { validateBudget } from './workloads.js';

/** Priorities above are the cluster's own. */
const MAX_USER_PRIORITY = 1_000_000_000;
const SYSTEM_PRIORITY_CLASSES = ['system-cluster-critical', 'system-node-critical'];

/** Autoscaling, disruption budgets, priorities and CustomResourceDefinitions. */
export const CLUSTER_RULES = {
  'horizontalpodautoscalers.autoscaling': rulesFor<HorizontalPodAutoscaler>({
    *validate({ spec = {} }) {
      const { minReplicas, maxReplicas = 0, scaleTargetRef = {} } = spec;
      if (minReplicas !== undefined && minReplicas < 1)
        yield invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1');
      if (maxReplicas < 1) yield invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0');
      if (minReplicas !== undefined && maxReplicas < minReplicas)
        yield invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`');
      yield* requiredText('spec.scaleTargetRef.kind', scaleTargetRef.kind);
      yield* requiredText('spec.scaleTargetRef.name', scaleTargetRef.name);
    },
  }),
  'poddisruptionbudgets.policy': rulesFor<PodDisruptionBudget>({
    *validate({ spec = {} }) {
      if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined)
        yield invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set');
      yield* validateBudget('spec.minAvailable', spec.minAvailable);
      yield* validateBudget('spec.maxUnavailable', spec.maxUnavailable);
      yield* validateSelector('spec.selector', spec.selector);
    },
  }),
  'priorityclasses.scheduling.k8s.io': rulesFor<PriorityClass>({
    *validate({ metadata, value = 0 }) {
      const name = metadata?.name ?? '';
      if (SYSTEM_PRIORITY_CLASSES.includes(name)) return;
      if (name.startsWith('system-'))
        yield forbidden(
          'metadata.name',
          "priority class names with 'system-' prefix are reserved for system use only",
        );
      if (value > MAX_USER_PRIORITY)
        yield forbidden('value', `maximum allowed value of a user defined priority is ${MAX_USER_PRIORITY}`);
    },
    *validateUpdate(after, before) {
      if (after.value !== before.value) yield forbidden('value', 'may not be changed in an update.');
      yield* immutable('preemptionPolicy', after.preemptionPolicy, before.preemptionPolicy);
    },
  }),
  'customresourcedefinitions.apiextensions.k8s.io': rulesFor<CustomResourceDefinition>({
    validate: validateDefinition,
    *validateUpdate(after, before) {
      yield* validateDefinition(after);
      for (const member of ['group', 'scope'] as const)
        yield* immutable(`spec.${member}`, after.spec?.[member], before.spec?.[member]);
      for (const member of ['plural', 'kind'] as const)
        yield* immutable(`spec.names.${member}`, after.spec?.names?.[member], before.spec?.names?.[member]);
    },
  }),
};

function* validateDefinition({ metadata, spec = {} }: Loose<CustomResourceDefinition>): Problems {
  const { group = '', names = {}, versions = [] } = spec;
  if (metadata?.name && metadata.name !== `${names.plural}.${group}`)
    yield invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group');
  yield* requiredAnd('spec.group', group, dns1123SubdomainProblems);
  if (group !== '' && !group.includes('.'))
    yield invalid('spec.group', group, 'should be a domain with at least one dot');
  yield* requiredOneOf('spec.scope', spec.scope, ['Cluster', 'Namespaced']);
  yield* validateVersions(versions);
  for (const member of ['plural', 'singular', 'kind', 'listKind'] as const) {
    const name = names[member];
    if (!name) yield required(`spec.names.${member}`);
    else yield* checked(`spec.names.${member}`, name, (text) => dns1035LabelProblems(text.toLowerCase()));
  }
  for (const [index, name] of (names.shortNames ?? []).entries())
    yield* checked(`spec.names.shortNames[${index}]`, name, dns1035LabelProblems);
}

function* validateVersions(
  versions: NonNullable<Loose<CustomResourceDefinition>['spec']>['versions'],
): Problems {
  const seen = new Set<string>();
  for (const [index, version] of (versions ?? []).entries()) {
    const path = `spec.versions[${index}]`;
    yield* requiredAnd(`${path}.name`, version.name, dns1035LabelProblems);
    if (seen.has(version.name ?? ''))
      yield invalid('spec.versions', versions, 'must contain unique version names');
    seen.add(version.name ?? '');
    if (!version.schema?.openAPIV3Schema)
      yield required(`${path}.schema.openAPIV3Schema`, 'schemas are required');
    else if (version.schema.openAPIV3Schema.type !== 'object')
      yield invalid(
        `${path}.schema.openAPIV3Schema.type`,
        version.schema.openAPIV3Schema.type ?? '',
        'must be object at the root',
      );
  }
  if ((versions ?? []).filter(({ storage }) => storage).length !== 1)
    yield invalid('spec.versions', versions ?? [], 'must have exactly one version marked as storage version');
}
