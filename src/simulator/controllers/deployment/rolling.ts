import type { Deployment, ReplicaSet } from '../../api/apps-v1.generated.js';
import type { Client } from '../../client.js';
import { activeOf, allOf, byAge, type ReplicaSets, sum, wantedReplicas } from './replica-sets.js';
import { maxSurge, maxUnavailable, replicasOf } from './rollout-limits.js';
import { scaleTo } from './scaling.js';

const availableIn = (replicaSet: ReplicaSet) => replicaSet.status?.availableReplicas ?? 0;

/** How large the new ReplicaSet may be now: as large as wanted, within the surge. */
export function newReplicaSetSize(deployment: Deployment, sets: ReplicaSets): number {
  const size = sets.current ? replicasOf(sets.current) : 0;
  const room = replicasOf(deployment) + maxSurge(deployment) - wantedReplicas(allOf(sets));
  if (room <= 0) return size;
  return size + Math.min(room, replicasOf(deployment) - size);
}

/**
 * One step of a rolling update: the new ReplicaSet grows as far as the surge allows, or else the old ones shrink as far
 * as availability allows. Answers whether something was scaled.
 */
export async function rollOneStep(
  client: Client,
  deployment: Deployment,
  sets: ReplicaSets,
): Promise<boolean> {
  const { current } = sets;
  if (!current) return false;
  if (await adjustNew(client, deployment, { ...sets, current })) return true;
  return shrinkOld(client, deployment, { ...sets, current });
}

type Known = ReplicaSets & { current: ReplicaSet };

async function adjustNew(client: Client, deployment: Deployment, sets: Known): Promise<boolean> {
  const size = replicasOf(sets.current);
  const wanted = replicasOf(deployment);
  if (size === wanted) return false;
  const next = size > wanted ? wanted : newReplicaSetSize(deployment, sets);
  if (next === size) return false;
  await scaleTo(client, deployment, sets.current, next);
  return true;
}

async function shrinkOld(client: Client, deployment: Deployment, sets: Known): Promise<boolean> {
  const old = activeOf(sets.old).sort(byAge);
  if (old.length === 0) return false;
  const minAvailable = replicasOf(deployment) - maxUnavailable(deployment);
  const notYetAvailable = replicasOf(sets.current) - availableIn(sets.current);
  const spare = wantedReplicas([...old, sets.current]) - minAvailable - notYetAvailable;
  if (spare <= 0) return false;

  const { kept, removed } = await removeUnhealthy(client, deployment, old, spare);
  const available = sum([...kept, sets.current], availableIn);
  const shrunk = await removeAvailable(client, deployment, kept, available - minAvailable);
  return removed + shrunk > 0;
}

/** Pods that are not available are no loss, so they go first. */
async function removeUnhealthy(client: Client, deployment: Deployment, old: ReplicaSet[], atMost: number) {
  let removed = 0;
  const kept: ReplicaSet[] = [];
  for (const replicaSet of old) {
    const size = replicasOf(replicaSet);
    const surplus = Math.min(atMost - removed, size - availableIn(replicaSet));
    const scaled = surplus > 0 ? await scaleTo(client, deployment, replicaSet, size - surplus) : replicaSet;
    removed += Math.max(0, surplus);
    kept.push(scaled);
  }
  return { kept, removed };
}

async function removeAvailable(client: Client, deployment: Deployment, old: ReplicaSet[], atMost: number) {
  let removed = 0;
  for (const replicaSet of old) {
    const size = replicasOf(replicaSet);
    const surplus = Math.min(atMost - removed, size);
    if (surplus <= 0) continue;
    await scaleTo(client, deployment, replicaSet, size - surplus);
    removed += surplus;
  }
  return removed;
}
