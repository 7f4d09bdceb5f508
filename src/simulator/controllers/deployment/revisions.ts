import type { Deployment, ReplicaSet } from '../../api/apps-v1.generated.js';
import { maxSurge, replicasOf } from './rollout-limits.js';

export const REVISION = 'deployment.kubernetes.io/revision';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';

/** How long the list of earlier revisions on a ReplicaSet may grow, in characters. */
const MAX_HISTORY_LENGTH = 2000;

/** What a ReplicaSet does not take over from its Deployment's annotations. */
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);

type Annotations = Record<string, string>;

export function revisionOf(object: Deployment | ReplicaSet): number {
  return Number.parseInt(object.metadata.annotations?.[REVISION] ?? '0', 10) || 0;
}

export function nextRevision(old: readonly ReplicaSet[]): number {
  return Math.max(0, ...old.map(revisionOf)) + 1;
}

/** What the Deployment wanted when it last scaled this ReplicaSet. */
export function annotatedReplicas(replicaSet: ReplicaSet): { desired?: number; max?: number } {
  const { [DESIRED_REPLICAS]: desired, [MAX_REPLICAS]: max } = replicaSet.metadata.annotations ?? {};
  return {
    ...(desired !== undefined && { desired: Number(desired) }),
    ...(max !== undefined && { max: Number(max) }),
  };
}

export function replicaAnnotations(deployment: Deployment): Annotations {
  const desired = replicasOf(deployment);
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(desired + maxSurge(deployment)) };
}

/**
 * The annotations of the current ReplicaSet: the Deployment's own, and the revision, which is the highest of all. One that
 * had an earlier revision is being rolled back to, and remembers it.
 */
export function currentAnnotations(
  deployment: Deployment,
  replicaSet: Pick<ReplicaSet, 'metadata'> | undefined,
  revision: number,
): Annotations {
  const annotations: Annotations = { ...replicaSet?.metadata.annotations };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!NOT_COPIED.has(key)) annotations[key] = value;
  }
  const before = annotations[REVISION];
  if (before !== undefined && Number(before) >= revision) return annotations;
  annotations[REVISION] = String(revision);
  if (before !== undefined) annotations[REVISION_HISTORY] = remember(annotations[REVISION_HISTORY], before);
  return annotations;
}

function remember(history: string | undefined, revision: string): string {
  const revisions = [...(history ? history.split(',') : []), revision];
  while (revisions.length > 1 && revisions.join(',').length > MAX_HISTORY_LENGTH) revisions.shift();
  return revisions.join(',');
}
