import type { Pod, PodSpec, PodTemplateSpec, Toleration } from '../api/core-v1.generated.js';
import {
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  labelValueProblems,
  qualifiedNameProblems,
} from '../machinery/names.js';
import { validateAffinity } from './affinity.js';
import { validateContainers, validateInitContainers } from './containers.js';
import { validateLabels } from './labels.js';
import { validateAnnotations } from './metadata.js';
import { validatePodUpdate } from './pod-update.js';
import { duplicate, invalid, type Problems, required } from './problems.js';
import {
  checked,
  inRange,
  ipAddress,
  type Loose,
  nonNegative,
  oneOf,
  requiredOneOf,
  requiredText,
  rulesFor,
} from './rules.js';
import { validateVolumes } from './volumes.js';

const MAX_INT32 = 2 ** 31 - 1;
const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export const POD_RULES = {
  pods: rulesFor<Pod>({
    validate: (pod) => validatePodSpec('spec', pod.spec ?? {}),
    validateUpdate: validatePodUpdate,
  }),
  podtemplates: rulesFor<{ template: PodTemplateSpec } & Pod>({
    validate: ({ template }) => validatePodTemplate('template', template ?? {}),
  }),
};

export function* validatePodTemplate(field: string, template: Loose<PodTemplateSpec>): Problems {
  yield* validateLabels(`${field}.labels`, template.metadata?.labels);
  yield* validateAnnotations(`${field}.annotations`, template.metadata?.annotations);
  yield* validatePodSpec(`${field}.spec`, template.spec ?? {});
  if ((template.spec?.ephemeralContainers ?? []).length > 0)
    yield invalid(
      `${field}.spec.ephemeralContainers`,
      template.spec?.ephemeralContainers,
      'ephemeral containers not allowed in pod template',
    );
}

/** `laterVolumes`: names of volumes that only the pods will have, as those of a StatefulSet’s claims. */
export function* validatePodSpec(
  field: string,
  spec: Loose<PodSpec>,
  laterVolumes: readonly string[] = [],
): Problems {
  const volumes = new Set([...(spec.volumes ?? []).map(({ name }) => name ?? ''), ...laterVolumes]);
  yield* validateVolumes(`${field}.volumes`, spec.volumes ?? []);
  yield* validateContainers(`${field}.containers`, spec.containers ?? [], volumes, spec);
  yield* validateInitContainers(`${field}.initContainers`, spec, volumes);
  yield* requiredOneOf(`${field}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES);
  yield* requiredOneOf(`${field}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES);
  yield* validateLabels(`${field}.nodeSelector`, spec.nodeSelector);
  yield* validateHostNetworkPorts(field, spec);
  for (const [index, { name }] of (spec.imagePullSecrets ?? []).entries())
    yield* requiredText(`${field}.imagePullSecrets[${index}].name`, name);
  yield* validateAffinity(`${field}.affinity`, spec.affinity);
  yield* validateDnsConfig(field, spec);
  yield* validateTopologySpread(`${field}.topologySpreadConstraints`, spec);
  yield* validateIdentity(field, spec);
  yield* validateTolerations(`${field}.tolerations`, spec.tolerations ?? []);
  yield* validateHostAliases(`${field}.hostAliases`, spec);
  if (spec.priorityClassName)
    yield* checked(`${field}.priorityClassName`, spec.priorityClassName, dns1123SubdomainProblems);
  if (spec.runtimeClassName !== undefined)
    yield* checked(`${field}.runtimeClassName`, spec.runtimeClassName, dns1123SubdomainProblems);
  yield* oneOf(`${field}.preemptionPolicy`, spec.preemptionPolicy, ['PreemptLowerPriority', 'Never']);
  yield* nonNegative(`${field}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds);
}

function* validateIdentity(field: string, spec: Loose<PodSpec>): Problems {
  if (spec.serviceAccountName)
    yield* checked(`${field}.serviceAccountName`, spec.serviceAccountName, dns1123SubdomainProblems);
  if (spec.nodeName) yield* checked(`${field}.nodeName`, spec.nodeName, dns1123SubdomainProblems);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > MAX_INT32))
    yield invalid(`${field}.activeDeadlineSeconds`, deadline, inRange(1, MAX_INT32));
  if (spec.hostname) yield* checked(`${field}.hostname`, spec.hostname, dns1123LabelProblems);
  if (spec.subdomain) yield* checked(`${field}.subdomain`, spec.subdomain, dns1123LabelProblems);
}

function* validateHostNetworkPorts(field: string, spec: Loose<PodSpec>): Problems {
  if (!spec.hostNetwork) return;
  for (const [index, container] of (spec.containers ?? []).entries())
    for (const [at, port] of (container.ports ?? []).entries())
      if (port.hostPort !== undefined && port.hostPort !== port.containerPort)
        yield invalid(
          `${field}.containers[${index}].ports[${at}].hostPort`,
          port.hostPort,
          'must match `containerPort` when `hostNetwork` is true',
        );
}

function* validateDnsConfig(field: string, spec: Loose<PodSpec>): Problems {
  const nameservers = spec.dnsConfig?.nameservers ?? [];
  if (spec.dnsPolicy === 'None') {
    if (!spec.dnsConfig)
      yield required(`${field}.dnsConfig`, 'must provide `dnsConfig` when `dnsPolicy` is None');
    else if (nameservers.length === 0)
      yield required(
        `${field}.dnsConfig.nameservers`,
        'must provide at least one DNS nameserver when `dnsPolicy` is None',
      );
  }
  for (const [index, address] of nameservers.entries())
    yield* ipAddress(`${field}.dnsConfig.nameservers[${index}]`, address);
}

function* validateHostAliases(field: string, spec: Loose<PodSpec>): Problems {
  for (const [index, alias] of (spec.hostAliases ?? []).entries()) {
    yield* ipAddress(`${field}[${index}].ip`, alias.ip ?? '');
    for (const [at, hostname] of (alias.hostnames ?? []).entries())
      yield* checked(`${field}[${index}].hostnames[${at}]`, hostname, dns1123SubdomainProblems);
  }
}

function* validateTopologySpread(field: string, spec: Loose<PodSpec>): Problems {
  const seen = new Set<string>();
  for (const [index, constraint] of (spec.topologySpreadConstraints ?? []).entries()) {
    const path = `${field}[${index}]`;
    const { maxSkew = 0, topologyKey, whenUnsatisfiable } = constraint;
    if (maxSkew <= 0) yield invalid(`${path}.maxSkew`, maxSkew, 'must be greater than zero');
    if (!topologyKey) yield required(`${path}.topologyKey`, 'can not be empty');
    yield* oneOf(`${path}.whenUnsatisfiable`, whenUnsatisfiable ?? '', ['DoNotSchedule', 'ScheduleAnyway']);
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`;
    if (seen.has(pair)) yield duplicate(`${path}.{topologyKey, whenUnsatisfiable}`, pair);
    seen.add(pair);
  }
}

export function* validateTolerations(field: string, tolerations: Loose<Toleration>[]): Problems {
  for (const [index, toleration] of tolerations.entries()) {
    const path = `${field}[${index}]`;
    const { key, operator, value = '', effect, tolerationSeconds } = toleration;
    if (key) yield* checked(`${path}.key`, key, qualifiedNameProblems);
    else if (operator !== 'Exists')
      yield invalid(
        `${path}.operator`,
        operator ?? '',
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      );
    if (tolerationSeconds !== undefined && effect !== 'NoExecute')
      yield invalid(
        `${path}.effect`,
        effect ?? '',
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
      );
    if (operator === 'Exists') {
      if (value !== '')
        yield invalid(`${path}.operator`, toleration, "value must be empty when `operator` is 'Exists'");
    } else if (operator === undefined || operator === 'Equal') {
      const problems = labelValueProblems(value);
      if (problems.length > 0) yield invalid(`${path}.operator`, value, problems.join(';'));
    } else {
      yield* oneOf(`${path}.operator`, operator, ['Equal', 'Exists']);
    }
    yield* oneOf(`${path}.effect`, effect, TAINT_EFFECTS);
  }
}
