import type { Deployment, ReplicaSet } from '../../api/apps-v1.generated.js';
import type { Client } from '../../client.js';
import { activeOf, allOf, byAge, type ReplicaSets, wantedReplicas } from './replica-sets.js';
import { annotatedReplicas, replicaAnnotations } from './revisions.js';
import { isRollingUpdate, maxSurge, replicasOf } from './rollout-limits.js';

export const EVENT_SOURCE = 'deployment-controller';

/** Sets a ReplicaSet's replicas and what it knows of the Deployment's; says so in an event when the number changed. */
export async function scaleReplicaSet(
  client: Client,
  deployment: Deployment,
  replicaSet: ReplicaSet,
  replicas: number,
): Promise<ReplicaSet> {
  const before = replicasOf(replicaSet);
  const annotations = { ...replicaSet.metadata.annotations, ...replicaAnnotations(deployment) };
  const told = Object.entries(annotations).every(
    ([key, value]) => replicaSet.metadata.annotations?.[key] === value,
  );
  if (before === replicas && told) return replicaSet;
  const scaled = await client.update<ReplicaSet>('replicasets.apps', {
    ...replicaSet,
    metadata: { ...replicaSet.metadata, annotations },
    spec: { ...replicaSet.spec, replicas },
  });
  if (before !== replicas) {
    const direction = before < replicas ? 'up' : 'down';
    client.note({
      about: deployment,
      type: 'Normal',
      reason: 'ScalingReplicaSet',
      message: `Scaled ${direction} replica set ${replicaSet.metadata.name} from ${before} to ${replicas}`,
      source: EVENT_SOURCE,
    });
  }
  return scaled;
}

/** As `scaleReplicaSet`, but leaves one alone whose number is right. */
export async function scaleTo(
  client: Client,
  deployment: Deployment,
  replicaSet: ReplicaSet,
  replicas: number,
): Promise<ReplicaSet> {
  if (replicasOf(replicaSet) === replicas) return replicaSet;
  return scaleReplicaSet(client, deployment, replicaSet, replicas);
}

/** Whether the user changed `spec.replicas` since the ReplicaSets were last scaled. */
export function wasScaled(deployment: Deployment, replicaSets: readonly ReplicaSet[]): boolean {
  return activeOf(replicaSets).some((replicaSet) => {
    const { desired } = annotatedReplicas(replicaSet);
    return desired !== undefined && desired !== replicasOf(deployment);
  });
}

/**
 * Brings the ReplicaSets to the deployment's size without rolling: the only active one (or the newest) takes all; a
 * complete new one leaves nothing to the old; in the middle of a rolling update each gets its share.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#proportional-scaling
 */
export async function scaleWithoutRolling(
  client: Client,
  deployment: Deployment,
  sets: ReplicaSets,
): Promise<void> {
  const only = activeOrLatest(sets);
  if (only) {
    await scaleTo(client, deployment, only, replicasOf(deployment));
    return;
  }
  if (isSaturated(deployment, sets.current)) {
    for (const replicaSet of activeOf(sets.old)) await scaleTo(client, deployment, replicaSet, 0);
    return;
  }
  if (!isRollingUpdate(deployment)) return;
  for (const [replicaSet, replicas] of proportionalSizes(deployment, activeOf(allOf(sets)))) {
    await scaleReplicaSet(client, deployment, replicaSet, replicas);
  }
}

function activeOrLatest(sets: ReplicaSets): ReplicaSet | undefined {
  const active = activeOf(allOf(sets));
  if (active.length > 1) return undefined;
  return active[0] ?? sets.current ?? [...sets.old].sort(byAge).at(-1);
}

function isSaturated(deployment: Deployment, replicaSet: ReplicaSet | undefined): boolean {
  if (!replicaSet) return false;
  const wanted = replicasOf(deployment);
  return (
    replicasOf(replicaSet) === wanted &&
    annotatedReplicas(replicaSet).desired === wanted &&
    replicaSet.status?.availableReplicas === wanted
  );
}

/** Spreads the difference to the allowed total over the ReplicaSets by their size; the largest takes what rounding leaves. */
function proportionalSizes(deployment: Deployment, active: ReplicaSet[]): Array<[ReplicaSet, number]> {
  const allowed = replicasOf(deployment) > 0 ? replicasOf(deployment) + maxSurge(deployment) : 0;
  const toAdd = allowed - wantedReplicas(active);
  const bySize = [...active].sort(
    (a, b) => replicasOf(b) - replicasOf(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)),
  );
  let added = 0;
  const sizes = bySize.map((replicaSet): [ReplicaSet, number] => {
    const share = shareOf(deployment, replicaSet, toAdd, added);
    added += share;
    return [replicaSet, replicasOf(replicaSet) + share];
  });
  const largest = sizes[0];
  if (largest && toAdd !== 0) largest[1] = Math.max(0, largest[1] + toAdd - added);
  return sizes;
}

function shareOf(deployment: Deployment, replicaSet: ReplicaSet, toAdd: number, added: number): number {
  if (toAdd === 0 || toAdd === added) return 0;
  const share = fractionOf(deployment, replicaSet);
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}

/** By how much the ReplicaSet would grow if it grew as the deployment's maximum did. */
function fractionOf(deployment: Deployment, replicaSet: ReplicaSet): number {
  const size = replicasOf(replicaSet);
  if (replicasOf(deployment) === 0) return -size;
  const maxNow = replicasOf(deployment) + maxSurge(deployment);
  const maxBefore = annotatedReplicas(replicaSet).max || deployment.status?.replicas || 0;
  if (maxBefore === 0) return 0;
  return Math.round((size * maxNow) / maxBefore) - size;
}
