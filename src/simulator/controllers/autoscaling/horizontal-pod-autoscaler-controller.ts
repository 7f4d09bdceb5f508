import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  MetricSpec,
} from '../../api/autoscaling-v2.generated.js';
import { timestamp } from '../../clock/clock.js';
import { equalJson } from '../../machinery/json.js';
import type { KubernetesObject } from '../../object.js';
import type { Controller, ControllerContext, Watch } from '../controller.js';
import { withCondition } from '../shared/conditions.js';
import { unlessGone } from '../shared/error-reason.js';
import { resourceOfKind } from '../shared/every-resource.js';
import { keyOf, splitKey } from '../shared/object-key.js';

const EVENT_SOURCE = 'horizontal-pod-autoscaler';
const AUTOSCALERS = 'horizontalpodautoscalers.autoscaling';
const SCALABLE = ['deployments.apps', 'replicasets.apps', 'statefulsets.apps', 'replicationcontrollers'];
const NO_METRICS =
  'unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)';

/** kube-controller-manager's --horizontal-pod-autoscaler-sync-period. */
const SYNC_MS = 15_000;

interface Scalable extends KubernetesObject {
  spec: { replicas?: number };
  status?: { replicas?: number };
}

/**
 * Keeps scale targets within the bounds of their autoscalers. The cluster has no metrics API, so like a real one without
 * it says that it cannot compute more than that.
 * https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
 */
export function horizontalPodAutoscalerController({ client, clock }: ControllerContext): Controller {
  return {
    watches: [
      (_client, enqueue) =>
        client.watch<HorizontalPodAutoscaler>(AUTOSCALERS, ({ type, object }) => {
          if (type !== 'DELETED') enqueue.after(keyOf(object), SYNC_MS);
        }),
      ...SCALABLE.map(
        (resource): Watch =>
          (_client, enqueue) =>
            client.watch<Scalable>(resource, ({ object, previous }) => {
              if (sameScale(previous, object)) return;
              for (const key of autoscalersOf(object)) enqueue.after(key, SYNC_MS);
            }),
      ),
    ],
    reconcile,
  };

  function autoscalersOf({ kind, metadata: { namespace, name } }: Scalable): string[] {
    return client
      .list<HorizontalPodAutoscaler>(AUTOSCALERS, { ...(namespace !== undefined && { namespace }) })
      .filter(({ spec: { scaleTargetRef: target } }) => target.kind === kind && target.name === name)
      .map(keyOf);
  }

  async function reconcile(key: string) {
    const { namespace, name } = splitKey(key);
    const autoscaler = client.get<HorizontalPodAutoscaler>(AUTOSCALERS, namespace, name);
    if (!autoscaler) return undefined;
    const { apiVersion = 'v1', kind, name: targetName } = autoscaler.spec.scaleTargetRef;
    const resource = resourceOfKind(client, apiVersion, kind)?.name ?? '';
    const target = SCALABLE.includes(resource)
      ? client.get<Scalable>(resource, namespace, targetName)
      : undefined;
    if (!target) {
      const why = resource
        ? `${resource} "${targetName}" not found`
        : `no matches for kind "${kind}" in group ""`;
      const message = `the HPA controller was unable to get the target's current scale: ${why}`;
      note(autoscaler, 'Warning', 'FailedGetScale', why);
      await write(autoscaler, 0, [condition('AbleToScale', 'False', 'FailedGetScale', message)]);
      return undefined;
    }
    const able = condition(
      'AbleToScale',
      'True',
      'SucceededGetScale',
      "the HPA controller was able to get the target's current scale",
    );
    const bounded = boundsOf(autoscaler, target.spec.replicas ?? 1);
    if (bounded) {
      await scale(autoscaler, resource, target, bounded);
      return undefined;
    }
    await write(autoscaler, target.status?.replicas ?? 0, [able, activity(autoscaler, target)]);
    return undefined;
  }

  /** Where the target has to go to be within its bounds; a target of 0 replicas is left alone. */
  function boundsOf({ spec }: HorizontalPodAutoscaler, replicas: number) {
    const min = spec.minReplicas ?? 1;
    if (replicas === 0) return undefined;
    if (replicas > spec.maxReplicas) {
      return { replicas: spec.maxReplicas, reason: 'Current number of replicas above Spec.MaxReplicas' };
    }
    if (replicas < min) return { replicas: min, reason: 'Current number of replicas below Spec.MinReplicas' };
    return undefined;
  }

  async function scale(
    autoscaler: HorizontalPodAutoscaler,
    resource: string,
    target: Scalable,
    { replicas, reason }: { replicas: number; reason: string },
  ): Promise<void> {
    const { namespace, name } = target.metadata;
    await client.createSubresource(resource, namespace, name, 'scale', {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { namespace, name },
      spec: { replicas },
    });
    note(autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${replicas}; reason: ${reason}`);
    const message = `the HPA controller was able to update the target scale to ${replicas}`;
    const latest = client.get<HorizontalPodAutoscaler>(AUTOSCALERS, namespace, autoscaler.metadata.name);
    if (!latest) return;
    await write(
      latest,
      target.status?.replicas ?? 0,
      [condition('AbleToScale', 'True', 'SucceededRescale', message)],
      { desiredReplicas: replicas, lastScaleTime: timestamp(clock) },
    );
  }

  function activity(autoscaler: HorizontalPodAutoscaler, target: Scalable): HorizontalPodAutoscalerCondition {
    if (target.spec.replicas === 0) {
      const message = 'scaling is disabled since the replica count of the target is zero';
      return condition('ScalingActive', 'False', 'ScalingDisabled', message);
    }
    const metrics = autoscaler.spec.metrics ?? [];
    const failure = failureOf(metrics[0]);
    note(autoscaler, 'Warning', failure.reason, failure.message);
    const summary = `invalid metrics (${metrics.length} invalid out of ${metrics.length}), first error is: failed to get ${failure.subject} value: ${failure.message}`;
    note(autoscaler, 'Warning', 'FailedComputeMetricsReplicas', summary);
    const message = `the HPA was unable to compute the replica count: ${failure.message}`;
    return condition('ScalingActive', 'False', failure.reason, message);
  }

  function condition(type: string, status: 'True' | 'False', reason: string, message: string) {
    return { type, status, reason, message, lastTransitionTime: timestamp(clock) };
  }

  async function write(
    autoscaler: HorizontalPodAutoscaler,
    currentReplicas: number,
    conditions: HorizontalPodAutoscalerCondition[],
    more: { desiredReplicas?: number; lastScaleTime?: string } = {},
  ): Promise<void> {
    const status = {
      ...autoscaler.status,
      desiredReplicas: autoscaler.status?.desiredReplicas ?? 0,
      ...more,
      ...(currentReplicas > 0 && { currentReplicas }),
      conditions: conditions.reduce(withCondition, autoscaler.status?.conditions ?? []),
    };
    if (equalJson(autoscaler.status, status)) return;
    await unlessGone(client.updateStatus(AUTOSCALERS, { ...autoscaler, status }));
  }

  function note(
    about: HorizontalPodAutoscaler,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): void {
    client.note({ about, type, reason, message, source: EVENT_SOURCE });
  }
}

function sameScale(before: Scalable | undefined, now: Scalable): boolean {
  return before?.spec.replicas === now.spec.replicas && before?.status?.replicas === now.status?.replicas;
}

function failureOf(metric: MetricSpec | undefined): { subject: string; reason: string; message: string } {
  const name = metric?.resource?.name ?? metric?.containerResource?.name ?? 'cpu';
  if (!metric || metric.type === 'Resource') {
    const what = metric?.resource?.target.type === 'AverageValue' ? `${name} usage` : `${name} utilization`;
    const message = `failed to get ${what}: unable to get metrics for resource ${name}: ${NO_METRICS}`;
    return { subject: `${name} resource metric`, reason: 'FailedGetResourceMetric', message };
  }
  if (metric.type === 'ContainerResource') {
    const message = `failed to get ${name} utilization: unable to get metrics for resource ${name}: ${NO_METRICS}`;
    return { subject: `${name} container metric`, reason: 'FailedGetContainerResourceMetric', message };
  }
  const reason = `FailedGet${metric.type}Metric`;
  const message = `unable to get metric ${metric.type.toLowerCase()}: no custom metrics API is registered`;
  return { subject: `${metric.type.toLowerCase()} metric`, reason, message };
}
