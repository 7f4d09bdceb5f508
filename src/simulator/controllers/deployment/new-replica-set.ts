import type { Deployment, ReplicaSet } from '../../api/apps-v1.generated.js';
import type { Client } from '../../client.js';
import type { Clock } from '../../clock/clock.js';
import { cloneJson, equalJson } from '../../machinery/json.js';
import { podTemplateHash } from '../../machinery/pod-template-hash.js';
import type { Draft } from '../../object.js';
import { findCondition, withCondition } from '../shared/conditions.js';
import { hasReason } from '../shared/error-reason.js';
import { controllerOf, controllerReference } from '../shared/owner-references.js';
import { POD_TEMPLATE_HASH, type ReplicaSets, sortOut } from './replica-sets.js';
import { currentAnnotations, nextRevision, REVISION, replicaAnnotations } from './revisions.js';
import { newReplicaSetSize } from './rolling.js';
import { hasProgressDeadline, isRollingUpdate, replicasOf } from './rollout-limits.js';
import { EVENT_SOURCE } from './scaling.js';
import { deploymentCondition } from './status.js';

interface Prepared {
  /** As it stands after its annotations and conditions were brought up to date. */
  deployment: Deployment;
  sets: ReplicaSets;
}

/** Brings the current ReplicaSet's revision and annotations up to date, when there is one; a rollback is no more than that. */
export async function syncRevision(
  client: Client,
  clock: Clock,
  deployment: Deployment,
  sets: ReplicaSets,
): Promise<Prepared> {
  if (!sets.current) return { deployment, sets };
  const current = await refresh(client, deployment, sets.current, nextRevision(sets.old));
  const revision = current.metadata.annotations?.[REVISION] ?? '';
  const message = `Found new replica set "${current.metadata.name}"`;
  return {
    deployment: await recordRevision(client, clock, deployment, revision, ['FoundNewReplicaSet', message]),
    sets: { ...sets, current },
  };
}

/** As `syncRevision`, and makes the ReplicaSet of the present template when there is none. */
export async function ensureCurrent(
  client: Client,
  clock: Clock,
  deployment: Deployment,
  sets: ReplicaSets,
): Promise<Prepared> {
  if (sets.current) return syncRevision(client, clock, deployment, sets);
  const revision = nextRevision(sets.old);
  const draft = newReplicaSet(deployment, sets, revision);
  const current = await create(client, clock, deployment, draft);
  const size = replicasOf(current);
  if (size > 0) {
    const message = `Scaled up replica set ${current.metadata.name} from 0 to ${size}`;
    note(client, deployment, 'Normal', 'ScalingReplicaSet', message);
  }
  const message = `Created new replica set "${current.metadata.name}"`;
  return {
    deployment: await recordRevision(
      client,
      clock,
      deployment,
      String(revision),
      ['NewReplicaSetCreated', message],
      true,
    ),
    sets: { ...sets, current },
  };
}

function newReplicaSet(deployment: Deployment, sets: ReplicaSets, revision: number): Draft<ReplicaSet> {
  const template = cloneJson(deployment.spec.template);
  const hash = podTemplateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH]: hash };
  const { selector, minReadySeconds } = deployment.spec;
  const size = isRollingUpdate(deployment) ? newReplicaSetSize(deployment, sets) : replicasOf(deployment);
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: {
        ...currentAnnotations(deployment, undefined, revision),
        ...replicaAnnotations(deployment),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: size,
      ...(minReadySeconds !== undefined && { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [POD_TEMPLATE_HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } as ReplicaSet['metadata'] },
    },
  };
}

/** A name that is taken by another template's ReplicaSet is a hash collision: the count makes the next hash differ. */
async function create(
  client: Client,
  clock: Clock,
  deployment: Deployment,
  draft: Draft<ReplicaSet>,
): Promise<ReplicaSet> {
  try {
    return await client.create<ReplicaSet>('replicasets.apps', draft);
  } catch (error) {
    const { namespace, name = '' } = draft.metadata;
    const taken = hasReason(error, 'AlreadyExists')
      ? client.get<ReplicaSet>('replicasets.apps', namespace, name)
      : undefined;
    if (taken && isOurs(deployment, taken)) return taken;
    if (taken) {
      const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
      await client.updateStatus('deployments.apps', {
        ...deployment,
        status: { ...deployment.status, collisionCount },
      });
    } else {
      await recordFailure(client, clock, deployment, name, error);
    }
    throw error;
  }
}

function isOurs(deployment: Deployment, replicaSet: ReplicaSet): boolean {
  return (
    controllerOf(replicaSet)?.uid === deployment.metadata.uid &&
    sortOut(deployment, [replicaSet]).current !== undefined
  );
}

async function recordFailure(
  client: Client,
  clock: Clock,
  deployment: Deployment,
  name: string,
  error: unknown,
): Promise<void> {
  const namespace = client.get('namespaces', undefined, deployment.metadata.namespace ?? '');
  if (namespace?.metadata.deletionTimestamp !== undefined) return;
  const why = error instanceof Error ? error.message : String(error);
  const message = `Failed to create new replica set "${name}": ${why}`;
  note(client, deployment, 'Warning', 'ReplicaSetCreateError', message);
  if (!hasProgressDeadline(deployment)) return;
  const failed = deploymentCondition(clock, 'Progressing', 'False', 'ReplicaSetCreateError', message);
  const conditions = withCondition(deployment.status?.conditions ?? [], failed);
  if (equalJson(conditions, deployment.status?.conditions ?? [])) return;
  await client.updateStatus('deployments.apps', {
    ...deployment,
    status: { ...deployment.status, conditions },
  });
}

async function refresh(
  client: Client,
  deployment: Deployment,
  current: ReplicaSet,
  revision: number,
): Promise<ReplicaSet> {
  const annotations = currentAnnotations(deployment, current, revision);
  const { minReadySeconds } = deployment.spec;
  const sameAnnotations = equalJson(annotations, current.metadata.annotations ?? {});
  if (sameAnnotations && (minReadySeconds ?? 0) === (current.spec.minReadySeconds ?? 0)) return current;
  return client.update<ReplicaSet>('replicasets.apps', {
    ...current,
    metadata: { ...current.metadata, annotations },
    spec: { ...current.spec, minReadySeconds },
  });
}

/**
 * Writes the Deployment's revision annotation, and a Progressing condition when it has none yet (or always). Both go with
 * the status: a changed annotation in any other update would count as a new generation.
 */
async function recordRevision(
  client: Client,
  clock: Clock,
  deployment: Deployment,
  revision: string,
  [reason, message]: [reason: string, message: string],
  always = false,
): Promise<Deployment> {
  const { metadata, status } = deployment;
  const before = status?.conditions ?? [];
  const speaks = hasProgressDeadline(deployment) && (always || !findCondition(before, 'Progressing'));
  const progressing = deploymentCondition(clock, 'Progressing', 'True', reason, message);
  const conditions = speaks ? withCondition(before, progressing) : before;
  if (metadata.annotations?.[REVISION] === revision && equalJson(conditions, before)) return deployment;
  return client.updateStatus<Deployment>('deployments.apps', {
    ...deployment,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [REVISION]: revision } },
    status: { ...status, ...(conditions.length > 0 && { conditions }) },
  });
}

function note(
  client: Client,
  about: Deployment,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  client.note({ about, type, reason, message, source: EVENT_SOURCE });
}
