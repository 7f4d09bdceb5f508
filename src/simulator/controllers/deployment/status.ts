import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '../../api/apps-v1.generated.js';
import { type Clock, timestamp } from '../../clock/clock.js';
import { findCondition, withCondition, withoutCondition } from '../shared/conditions.js';
import { allOf, type ReplicaSets, sum, wantedReplicas } from './replica-sets.js';
import { hasProgressDeadline, maxUnavailable, replicasOf } from './rollout-limits.js';

/** A condition of now; its transition time is put right by `withCondition`. */
export function deploymentCondition(
  clock: Clock,
  type: string,
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
): DeploymentCondition {
  const now = timestamp(clock);
  return { type, status, lastUpdateTime: now, lastTransitionTime: now, reason, message };
}

/** What the ReplicaSets make of the deployment's counts and of its Available condition. */
export function countedStatus(deployment: Deployment, sets: ReplicaSets, clock: Clock): DeploymentStatus {
  const all = allOf(sets);
  const available = sum(all, (set) => set.status?.availableReplicas ?? 0);
  const terminating = all.every((set) => set.status?.terminatingReplicas !== undefined);
  const enough = available >= replicasOf(deployment) - maxUnavailable(deployment);
  const counts = {
    replicas: sum(all, actual),
    updatedReplicas: sets.current ? actual(sets.current) : 0,
    readyReplicas: sum(all, (set) => set.status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, wantedReplicas(all) - available),
  };
  const { generation } = deployment.metadata;
  const { collisionCount, conditions = [] } = deployment.status ?? {};
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(terminating && { terminatingReplicas: sum(all, (set) => set.status?.terminatingReplicas ?? 0) }),
    ...(collisionCount !== undefined && { collisionCount }),
    conditions: withCondition(
      conditions,
      enough
        ? deploymentCondition(
            clock,
            'Available',
            'True',
            'MinimumReplicasAvailable',
            'Deployment has minimum availability.',
          )
        : deploymentCondition(
            clock,
            'Available',
            'False',
            'MinimumReplicasUnavailable',
            'Deployment does not have minimum availability.',
          ),
    ),
  };
}

/** `countedStatus` with the Progressing and ReplicaFailure conditions of a rollout under way. */
export function rolloutStatus(deployment: Deployment, sets: ReplicaSets, clock: Clock): DeploymentStatus {
  const status = countedStatus(deployment, sets, clock);
  status.conditions = withFailure(progressOf(deployment, status, sets.current, clock), sets);
  return status;
}

/** Everything runs the present template, and all of it is available. */
export function isComplete(deployment: Deployment, status: DeploymentStatus = {}): boolean {
  const wanted = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** When to look again at a rollout that stands still, so that its deadline is noticed. */
export function untilDeadlineMs(
  deployment: Deployment,
  status: DeploymentStatus,
  nowMs: number,
): number | undefined {
  const progressing = findCondition(deployment.status?.conditions, 'Progressing');
  if (!hasProgressDeadline(deployment) || !progressing) return undefined;
  if (isComplete(deployment, status) || progressing.reason === 'ProgressDeadlineExceeded') return undefined;
  return Math.max(1000, deadlineMs(deployment, progressing) - nowMs + 1000);
}

const actual = (replicaSet: ReplicaSet) => replicaSet.status?.replicas ?? 0;

function progressOf(
  deployment: Deployment,
  status: DeploymentStatus,
  current: ReplicaSet | undefined,
  clock: Clock,
): DeploymentCondition[] {
  const conditions = status.conditions ?? [];
  if (!hasProgressDeadline(deployment)) return withoutCondition(conditions, 'Progressing');
  const before = findCondition(deployment.status?.conditions, 'Progressing');
  const wasComplete =
    before?.reason === 'NewReplicaSetAvailable' && (status.replicas ?? 0) === (status.updatedReplicas ?? 0);
  if (wasComplete) return conditions;

  const subject = current
    ? `ReplicaSet "${current.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`;
  const progressing = (state: 'True' | 'False', reason: string, message: string) =>
    deploymentCondition(clock, 'Progressing', state, reason, message);
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return withCondition(conditions, progressing('True', 'NewReplicaSetAvailable', message));
  }
  if (hasMoved(deployment.status ?? {}, status)) {
    const condition = progressing('True', 'ReplicaSetUpdated', `${subject} is progressing.`);
    const { lastTransitionTime } = before?.status === 'True' ? before : condition;
    return [...withoutCondition(conditions, 'Progressing'), { ...condition, lastTransitionTime }];
  }
  if (hasTimedOut(deployment, before, clock)) {
    const message = `${subject} has timed out progressing.`;
    return withCondition(conditions, progressing('False', 'ProgressDeadlineExceeded', message));
  }
  return conditions;
}

function hasMoved(before: DeploymentStatus, now: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (now.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(now) < old(before) ||
    (now.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function hasTimedOut(
  deployment: Deployment,
  progressing: DeploymentCondition | undefined,
  clock: Clock,
): boolean {
  if (!progressing || progressing.reason === 'NewReplicaSetAvailable') return false;
  if (progressing.reason === 'ProgressDeadlineExceeded') return true;
  return deadlineMs(deployment, progressing) < clock.now();
}

function deadlineMs(deployment: Deployment, progressing: DeploymentCondition): number {
  const since = Date.parse(progressing.lastUpdateTime ?? deployment.metadata.creationTimestamp);
  return since + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000;
}

/** A ReplicaSet that cannot make its pods makes its Deployment say so; the current one speaks first. */
function withFailure(conditions: DeploymentCondition[], sets: ReplicaSets): DeploymentCondition[] {
  const failures = [sets.current, ...sets.old].flatMap((set) => {
    const failure = findCondition(set?.status?.conditions, 'ReplicaFailure');
    return failure?.status === 'True' ? [failure] : [];
  });
  const failure = failures[0];
  if (!failure) return withoutCondition(conditions, 'ReplicaFailure');
  return withCondition(conditions, { ...failure, lastUpdateTime: failure.lastTransitionTime });
}
