import type { ReplicaSetStatus } from '../../api/apps-v1.generated.js';
import type { Pod } from '../../api/core-v1.generated.js';
import type { Client } from '../../client.js';
import { type Clock, timestamp } from '../../clock/clock.js';
import { equalJson } from '../../machinery/json.js';
import { findCondition, withCondition, withoutCondition } from '../shared/conditions.js';
import { unlessGone } from '../shared/error-reason.js';
import { isPodAvailable, isPodReady } from '../shared/pod-state.js';
import type { Replicated, ReplicatedKind } from './replicated-kind.js';

interface Observation {
  active: readonly Pod[];
  terminating: number;
  /** Why pods could not be created or deleted. */
  failure: unknown;
}

/** What the pods make of the owner's status. */
export function replicaStatus(
  kind: ReplicatedKind,
  owner: Replicated,
  { active, terminating, failure }: Observation,
  clock: Clock,
): ReplicaSetStatus {
  const templateLabels = Object.entries(owner.spec.template?.metadata?.labels ?? {});
  const minReadySeconds = owner.spec.minReadySeconds ?? 0;
  const count = (fits: (pod: Pod) => boolean) => active.filter(fits).length;
  const conditions = failureCondition(owner, active.length, failure, clock);
  return {
    replicas: active.length,
    ...present({
      fullyLabeledReplicas: count((pod) =>
        templateLabels.every(([label, value]) => pod.metadata.labels?.[label] === value),
      ),
      readyReplicas: count(isPodReady),
      availableReplicas: count((pod) => isPodAvailable(pod, minReadySeconds, clock.now())),
    }),
    ...(kind.countsTerminating && { terminatingReplicas: terminating }),
    ...(owner.metadata.generation !== undefined && { observedGeneration: owner.metadata.generation }),
    ...(conditions.length > 0 && { conditions }),
  };
}

/** Writes the status when it differs from what stands. */
export async function writeReplicaStatus(
  client: Client,
  kind: ReplicatedKind,
  owner: Replicated,
  status: ReplicaSetStatus,
): Promise<void> {
  if (equalJson(owner.status ?? {}, status)) return;
  await unlessGone(client.updateStatus(kind.resource, { ...owner, status } as Replicated));
}

function failureCondition(owner: Replicated, activePods: number, failure: unknown, clock: Clock) {
  const conditions = owner.status?.conditions ?? [];
  if (failure === undefined) return withoutCondition(conditions, 'ReplicaFailure');
  if (findCondition(conditions, 'ReplicaFailure')) return conditions;
  return withCondition(conditions, {
    type: 'ReplicaFailure',
    status: 'True',
    reason: activePods < (owner.spec.replicas ?? 1) ? 'FailedCreate' : 'FailedDelete',
    message: failure instanceof Error ? failure.message : String(failure),
    lastTransitionTime: timestamp(clock),
  });
}

/** Counts of nothing are left out of a status, as `omitempty` does. */
function present(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}
