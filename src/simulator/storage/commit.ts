import type { KubernetesObject, ResourceName, WatchEventType } from '../object.js';

/** Who changed something, kept with the change in the audit journal. */
export interface Origin {
  user: string;
  groups: readonly string[];
  /** `create`, `update`, `patch`, `delete`, `deletecollection`; with a subresource as `update/status`. */
  verb: string;
  /** Cluster time, ms. */
  timeMs: number;
}

/** One committed change. `object` is the new state; for DELETED the last one, with the revision of the deletion. */
export interface Commit {
  readonly revision: number;
  readonly resource: ResourceName;
  readonly type: WatchEventType;
  readonly object: KubernetesObject;
  readonly previous: KubernetesObject | undefined;
  readonly origin: Origin;
}

/** A change as a writer hands it over; `object` must be fresh: the store puts the new resourceVersion in and keeps it. */
export type Change = Pick<Commit, 'resource' | 'type' | 'object' | 'origin'>;
