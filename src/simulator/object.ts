import type { ObjectMeta } from './api/meta-v1.generated.js';

/**
 * Any stored Kubernetes object, as decoded JSON. Stored objects are immutable: whoever wants to change one clones it.
 */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

type ServerSet = 'uid' | 'resourceVersion' | 'creationTimestamp' | 'name';

/** An object on its way into the API server, which still sets uid, resourceVersion and creationTimestamp (and a generated name). */
export type Draft<T extends KubernetesObject> = Omit<T, 'metadata'> & {
  metadata: Omit<ObjectMeta, ServerSet> & Partial<Pick<ObjectMeta, ServerSet>>;
};

/**
 * Names a served resource as `<plural>` (core group) or `<plural>.<group>`, e.g. `pods`, `deployments.apps`,
 * `endpointslices.discovery.k8s.io`; the same form as a CRD's name and `kubectl api-resources -o name`.
 */
export type ResourceName = string;

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One committed change of one object; for DELETED `object` is the last state with the resourceVersion of the deletion. */
export interface WatchEvent<T extends KubernetesObject = KubernetesObject> {
  type: WatchEventType;
  object: T;
  /** The state before the change; absent for ADDED. */
  previous?: T | undefined;
}
