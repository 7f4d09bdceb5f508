import type { Deployment, ReplicaSet } from '../../api/apps-v1.generated.js';
import type { PodTemplateSpec } from '../../api/core-v1.generated.js';
import { equalJson } from '../../machinery/json.js';
import { revisionOf } from './revisions.js';
import { replicasOf } from './rollout-limits.js';

export const POD_TEMPLATE_HASH = 'pod-template-hash';

/** A Deployment's ReplicaSets: the one of its present template, and the others. */
export interface ReplicaSets {
  current: ReplicaSet | undefined;
  old: ReplicaSet[];
}

/** Sorts the ReplicaSets of a deployment by what they are to it; the oldest of equal templates is the current one. */
export function sortOut(deployment: Deployment, replicaSets: readonly ReplicaSet[]): ReplicaSets {
  const wanted = withoutHash(deployment.spec.template);
  const current = [...replicaSets]
    .sort(byAge)
    .find((replicaSet) => equalJson(withoutHash(replicaSet.spec.template ?? {}), wanted));
  return { current, old: replicaSets.filter((replicaSet) => replicaSet !== current) };
}

export function allOf({ current, old }: ReplicaSets): ReplicaSet[] {
  return current ? [...old, current] : [...old];
}

/** Those that want pods. */
export function activeOf(replicaSets: readonly ReplicaSet[]): ReplicaSet[] {
  return replicaSets.filter((replicaSet) => replicasOf(replicaSet) > 0);
}

export function wantedReplicas(replicaSets: readonly ReplicaSet[]): number {
  return sum(replicaSets, replicasOf);
}

export function sum(replicaSets: readonly ReplicaSet[], count: (replicaSet: ReplicaSet) => number): number {
  return replicaSets.reduce((total, replicaSet) => total + count(replicaSet), 0);
}

/** Oldest first, equally old ones by name. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const [createdA, createdB] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  if (createdA !== createdB) return createdA < createdB ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

/** Lowest revision first. */
export function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  return revisionOf(a) - revisionOf(b) || byAge(a, b);
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { metadata } = template;
  if (!metadata?.labels) return withoutNulls(template);
  const { [POD_TEMPLATE_HASH]: _, ...labels } = metadata.labels;
  return withoutNulls({ ...template, metadata: { ...metadata, labels } });
}

/** `creationTimestamp: null`, which some clients send in templates, means nothing. */
function withoutNulls(template: PodTemplateSpec): PodTemplateSpec {
  const { creationTimestamp: _, ...metadata } = template.metadata ?? {};
  return { ...template, metadata: metadata as NonNullable<PodTemplateSpec['metadata']> };
}
