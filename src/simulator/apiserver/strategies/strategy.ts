import type { JsonObject } from '../../machinery/json.js';
import type { KubernetesObject } from '../../object.js';
import type { StatusCause } from '../api-error.js';
import type { Caller } from '../caller.js';
import type { Core } from '../core.js';

/** An object on its way through the registry, whatever its kind; owned by the request until it is committed. */
export type Working = KubernetesObject & JsonObject;

export interface WriteContext {
  core: Core;
  caller: Caller;
  namespace: string | undefined;
}

/**
 * What is particular to one resource when it is written; everything that all resources share is in the registry. Each
 * function may change `object` / `next` in place and throw `ApiError`.
 */
export interface Strategy {
  /** Sets what a new object gets from the server, after defaulting and mutating admission, before validation. */
  prepareForCreate?(object: Working, context: WriteContext): void;
  /** The same for an update of the object itself; the registry has put the old status back. */
  prepareForUpdate?(next: Working, previous: Working, context: WriteContext): void;
  /** The same for an update of its status; the registry has put everything else back. */
  prepareForStatusUpdate?(next: Working, previous: Working, context: WriteContext): void;
  /** Refusals that need the store; those that the object alone gives away are in validation/. */
  validate?(next: Working, previous: Working | undefined, context: WriteContext): StatusCause[];
  /** Takes what only one object may hold, last before the commit; must give back what it took when it throws. */
  allocate?(next: Working, previous: Working | undefined, context: WriteContext): void;
  /** After an object is gone for good: gives back what it held. */
  afterDelete?(object: Working, core: Core): void;
  /** After a commit of a new state. */
  afterCommit?(next: Working, previous: Working | undefined, core: Core): void;
  /** Seconds until the object may be removed, and undefined for at once. Default: at once. */
  gracePeriodSeconds?(object: Working, requested: number | undefined): number | undefined;
  /** Changes what is marked as being deleted before it is stored. */
  prepareForDeletion?(marked: Working): void;
  /** An object that is being deleted goes when its metadata.finalizers are empty and this, if given, is true. */
  mayBeRemoved?(object: Working): boolean;
}
