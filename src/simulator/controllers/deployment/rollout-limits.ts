import type { Deployment, ReplicaSet } from '../../api/apps-v1.generated.js';
import { resolveIntOrPercent } from '../../machinery/int-or-string.js';

/** `progressDeadlineSeconds` of this value means no deadline. */
const NO_DEADLINE = 2_147_483_647;

export function replicasOf(owner: Deployment | ReplicaSet): number {
  return owner.spec.replicas ?? 1;
}

export function isRollingUpdate(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type !== 'Recreate';
}

export function hasProgressDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== NO_DEADLINE;
}

/** How many pods a rolling update may run beyond the wanted number. */
export function maxSurge(deployment: Deployment): number {
  return isRollingUpdate(deployment) ? resolveLimits(deployment).surge : 0;
}

/** How many of the wanted pods may be missing during a rolling update. */
export function maxUnavailable(deployment: Deployment): number {
  const replicas = replicasOf(deployment);
  if (!isRollingUpdate(deployment) || replicas === 0) return 0;
  return Math.min(resolveLimits(deployment).unavailable, replicas);
}

/** Percentages of the wanted number, surge rounded up and unavailability down; both 0 would stand still, so it is 0 and 1. */
function resolveLimits(deployment: Deployment): { surge: number; unavailable: number } {
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  const replicas = replicasOf(deployment);
  const surge = resolveIntOrPercent(maxSurge, replicas, true);
  const unavailable = resolveIntOrPercent(maxUnavailable, replicas, false);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}
