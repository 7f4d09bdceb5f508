import type {
  ControllerRevision,
  DaemonSet,
  DaemonSetSpec,
  Deployment,
  DeploymentSpec,
  ReplicaSet,
  StatefulSet,
  StatefulSetSpec,
} from '../api/apps-v1.generated.js';
import type { PodTemplateSpec, ReplicationController } from '../api/core-v1.generated.js';
import type { LabelSelector } from '../api/meta-v1.generated.js';
import { percentOf } from '../machinery/int-or-string.js';
import { equalJson } from '../machinery/json.js';
import { regexProblem } from '../machinery/names.js';
import { isEmptySelector, selectsLabels, validateSelector } from './labels.js';
import { validatePodSpec, validatePodTemplate } from './pods.js';
import { forbidden, invalid, notSupported, type Problems, required } from './problems.js';
import { immutable, type Loose, nonNegative, requiredOneOf, rulesFor } from './rules.js';

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/ */
export const WORKLOAD_RULES = {
  'deployments.apps': rulesFor<Deployment>({
    validate: ({ spec }) => validateDeploymentSpec(spec ?? {}),
    *validateUpdate({ spec }, before) {
      yield* validateDeploymentSpec(spec ?? {});
      yield* immutable('spec.selector', spec?.selector, before.spec?.selector);
    },
  }),
  'replicasets.apps': rulesFor<ReplicaSet>({
    validate: ({ spec }) => validateReplicaSetSpec(spec ?? {}),
    *validateUpdate({ spec }, before) {
      yield* validateReplicaSetSpec(spec ?? {});
      yield* immutable('spec.selector', spec?.selector, before.spec?.selector);
    },
  }),
  'daemonsets.apps': rulesFor<DaemonSet>({
    validate: ({ spec }) => validateDaemonSetSpec(spec ?? {}),
    *validateUpdate({ spec }, before) {
      yield* validateDaemonSetSpec(spec ?? {});
      yield* immutable('spec.selector', spec?.selector, before.spec?.selector);
    },
  }),
  'statefulsets.apps': rulesFor<StatefulSet>({
    validate: ({ spec }) => validateStatefulSetSpec(spec ?? {}),
    validateUpdate: validateStatefulSetUpdate,
  }),
  'controllerrevisions.apps': rulesFor<ControllerRevision>({
    *validate({ data, revision }) {
      if (data === undefined || data === null) yield required('data', 'data is mandatory');
      yield* nonNegative('revision', revision);
    },
    *validateUpdate(after, before) {
      yield* immutable('data', after.data, before.data);
    },
  }),
  replicationcontrollers: rulesFor<ReplicationController>({
    *validate({ spec }) {
      yield* nonNegative('spec.replicas', spec?.replicas);
      yield* nonNegative('spec.minReadySeconds', spec?.minReadySeconds);
      if (Object.keys(spec?.selector ?? {}).length === 0) yield required('spec.selector');
      if (!spec?.template) yield required('spec.template');
      else yield* validateTemplate({ matchLabels: spec.selector ?? {} }, spec.template, 'ReplicaSet');
    },
  }),
};

function* validateDeploymentSpec(spec: Loose<DeploymentSpec>): Problems {
  yield* nonNegative('spec.replicas', spec.replicas);
  yield* validateWorkloadSelector(spec.selector, 'empty selector is invalid for deployment');
  yield* validateTemplate(spec.selector, spec.template ?? {}, 'ReplicaSet');
  yield* validateDeploymentStrategy(spec);
  yield* nonNegative('spec.minReadySeconds', spec.minReadySeconds);
  yield* nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit);
  const deadline = spec.progressDeadlineSeconds;
  yield* nonNegative('spec.progressDeadlineSeconds', deadline);
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0))
    yield invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds');
}

function* validateReplicaSetSpec(spec: Loose<ReplicaSet['spec']>): Problems {
  yield* nonNegative('spec.replicas', spec.replicas);
  yield* nonNegative('spec.minReadySeconds', spec.minReadySeconds);
  yield* validateWorkloadSelector(spec.selector, 'empty selector is invalid for deployment');
  yield* validateTemplate(spec.selector, spec.template ?? {}, 'ReplicaSet');
}

function* validateDaemonSetSpec(spec: Loose<DaemonSetSpec>): Problems {
  yield* validateWorkloadSelector(spec.selector, 'empty selector is invalid for daemonset');
  yield* validateTemplate(spec.selector, spec.template ?? {}, 'DaemonSet');
  yield* nonNegative('spec.minReadySeconds', spec.minReadySeconds);
  const field = 'spec.updateStrategy';
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  if (type === 'RollingUpdate') {
    const { maxUnavailable, maxSurge } = rollingUpdate ?? {};
    yield* validateBudget(`${field}.rollingUpdate.maxUnavailable`, maxUnavailable);
    yield* validateBudget(`${field}.rollingUpdate.maxSurge`, maxSurge);
    if (isNothing(maxUnavailable) && isNothing(maxSurge))
      yield required(`${field}.rollingUpdate.maxUnavailable`, 'cannot be 0 when maxSurge is 0');
  } else if (type !== 'OnDelete') {
    yield notSupported(`${field}.type`, type ?? '', ['RollingUpdate', 'OnDelete']);
  }
  yield* nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit);
}

function* validateStatefulSetSpec(spec: Loose<StatefulSetSpec>): Problems {
  yield* requiredOneOf('spec.podManagementPolicy', spec.podManagementPolicy, ['OrderedReady', 'Parallel']);
  yield* requiredOneOf('spec.updateStrategy.type', spec.updateStrategy?.type, ['RollingUpdate', 'OnDelete']);
  yield* nonNegative(
    'spec.updateStrategy.rollingUpdate.partition',
    spec.updateStrategy?.rollingUpdate?.partition,
  );
  for (const when of ['whenDeleted', 'whenScaled'] as const)
    yield* requiredOneOf(
      `spec.persistentVolumeClaimRetentionPolicy.${when}`,
      spec.persistentVolumeClaimRetentionPolicy?.[when],
      ['Retain', 'Delete'],
    );
  yield* nonNegative('spec.replicas', spec.replicas);
  yield* nonNegative('spec.minReadySeconds', spec.minReadySeconds);
  yield* nonNegative('spec.ordinals.start', spec.ordinals?.start);
  yield* validateWorkloadSelector(spec.selector, 'empty selector is invalid for statefulset');
  const claims = (spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name ?? '');
  yield* validateTemplate(spec.selector, spec.template ?? {}, 'StatefulSet', claims);
}

const STATEFUL_SET_CHANGEABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

function* validateStatefulSetUpdate(after: Loose<StatefulSet>, before: Loose<StatefulSet>): Problems {
  yield* validateStatefulSetSpec(after.spec ?? {});
  const allowed = Object.fromEntries(STATEFUL_SET_CHANGEABLE.map((field) => [field, undefined]));
  if (!equalJson({ ...after.spec, ...allowed }, { ...before.spec, ...allowed }))
    yield forbidden(
      'spec',
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    );
}

function* validateWorkloadSelector(
  selector: Loose<LabelSelector> | undefined,
  emptyDetail: string,
): Problems {
  if (!selector) {
    yield required('spec.selector');
    return;
  }
  yield* validateSelector('spec.selector', selector);
  if (isEmptySelector(selector)) yield invalid('spec.selector', selector, emptyDetail);
}

function* validateTemplate(
  selector: Loose<LabelSelector> | undefined,
  template: Loose<PodTemplateSpec>,
  kind: string,
  claims: readonly string[] = [],
): Problems {
  const labels = template.metadata?.labels;
  if (selector && !isEmptySelector(selector) && !selectsLabels(selector, labels))
    yield invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`');
  if (claims.length === 0) yield* validatePodTemplate('spec.template', template);
  else yield* validatePodSpec('spec.template.spec', template.spec ?? {}, claims);
  if (template.spec?.restartPolicy !== 'Always')
    yield notSupported('spec.template.spec.restartPolicy', template.spec?.restartPolicy ?? '', ['Always']);
  if (template.spec?.activeDeadlineSeconds !== undefined)
    yield forbidden(
      'spec.template.spec.activeDeadlineSeconds',
      `activeDeadlineSeconds in ${kind} is not Supported`,
    );
}

function* validateDeploymentStrategy({ strategy = {} }: Loose<DeploymentSpec>): Problems {
  const field = 'spec.strategy';
  const { type, rollingUpdate } = strategy;
  if (type === 'Recreate') {
    if (rollingUpdate)
      yield forbidden(`${field}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'");
  } else if (type === 'RollingUpdate') {
    const { maxUnavailable, maxSurge } = rollingUpdate ?? {};
    yield* validateBudget(`${field}.rollingUpdate.maxUnavailable`, maxUnavailable);
    yield* validateBudget(`${field}.rollingUpdate.maxSurge`, maxSurge, false);
    if (isNothing(maxUnavailable) && isNothing(maxSurge))
      yield invalid(
        `${field}.rollingUpdate.maxUnavailable`,
        maxUnavailable,
        'may not be 0 when `maxSurge` is 0',
      );
  } else {
    yield* requiredOneOf(`${field}.type`, type, ['Recreate', 'RollingUpdate']);
  }
}

const isNothing = (value: number | string | undefined) =>
  value === undefined || value === 0 || value === '0%';

/** A number or percentage of pods. */
export function* validateBudget(
  field: string,
  value: number | string | undefined,
  atMostAll = true,
): Problems {
  if (typeof value === 'number') yield* nonNegative(field, value);
  if (typeof value !== 'string') return;
  const percent = percentOf(value);
  if (percent === undefined || percent < 0)
    yield invalid(
      field,
      value,
      regexProblem(
        "a valid percent string must be a numeric string followed by an ending '%'",
        '[0-9]+%',
        '1%',
        '93%',
      ),
    );
  else if (atMostAll && percent > 100) yield invalid(field, value, 'must not be greater than 100%');
}
