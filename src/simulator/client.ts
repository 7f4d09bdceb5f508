import type { Draft, KubernetesObject, ResourceName, WatchEvent } from './object.js';

export interface ListOptions {
  /** Only this namespace; all when absent. */
  namespace?: string;
  /** Equality label selector, e.g. a ReplicaSet's `matchLabels`; use machinery/label-selector.ts for more. */
  matchLabels?: Record<string, string>;
}

export interface DeleteOptions {
  /** `Background` unless told. */
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  /** Seconds; pods only. Kubelets pass 0 when the containers are gone. */
  gracePeriodSeconds?: number;
  uid?: string;
  resourceVersion?: string;
}

/** Who an event is about and what it says; repeated ones are counted up on the same Event object as client-go does. */
export interface EventNote {
  about: KubernetesObject;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  /** Of a container: `spec.containers{web}`. */
  fieldPath?: string;
  /** The component that reports it, e.g. `daemonset-controller`; when absent, the last part of the client's user name. */
  source?: string;
}

/**
 * How controllers, scheduler and kubelets use the API server: in process, as a user of their own, through the same
 * admission, defaulting, validation and storage as HTTP requests. Reads are of the store itself, always current, sync,
 * and return the stored immutable objects (clone before changing). Writes reject with `ApiError` (apiserver/api-error.ts):
 * `code` 404 NotFound, 409 Conflict or AlreadyExists, 422 Invalid, 403 Forbidden.
 */
export interface Client {
  get<T extends KubernetesObject>(
    resource: ResourceName,
    namespace: string | undefined,
    name: string,
  ): T | undefined;
  list<T extends KubernetesObject>(resource: ResourceName, options?: ListOptions): T[];
  /** Objects of `resource` whose controller or owner has this uid. Indexed: cost is that of the result. */
  ownedBy<T extends KubernetesObject>(resource: ResourceName, ownerUid: string): T[];
  create<T extends KubernetesObject>(resource: ResourceName, object: Draft<T>): Promise<T>;
  /** A whole-object update; rejects with Conflict when `object.metadata.resourceVersion` is not the current one. */
  update<T extends KubernetesObject>(resource: ResourceName, object: T): Promise<T>;
  updateStatus<T extends KubernetesObject>(resource: ResourceName, object: T): Promise<T>;
  /** Writes a subresource that is not status: `binding`, `scale`, `eviction`, … */
  createSubresource(
    resource: ResourceName,
    namespace: string | undefined,
    name: string,
    subresource: string,
    body: Record<string, unknown>,
  ): Promise<unknown>;
  /** RFC 7386 merge patch of the object, or of a subresource such as `status`. */
  mergePatch<T extends KubernetesObject>(
    resource: ResourceName,
    namespace: string | undefined,
    name: string,
    patch: Record<string, unknown>,
    subresource?: string,
  ): Promise<T>;
  delete(
    resource: ResourceName,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions,
  ): Promise<void>;
  /**
   * Calls `listener` for every existing object as ADDED, then for every committed change in order, synchronously with
   * the commit (so only note and enqueue in it). Returns a function that stops it.
   */
  watch<T extends KubernetesObject>(
    resource: ResourceName,
    listener: (event: WatchEvent<T>) => void,
  ): () => void;
  /** Records an Event, best effort and never rejecting. */
  note(event: EventNote): void;
}
