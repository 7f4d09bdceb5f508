import type { Clock } from '../clock/clock.js';
import { cloneJson } from '../machinery/json.js';
import type { ServedResource } from '../schema/resources.js';
import { formatTime, type Preconditions } from './object-meta.js';
import type { Strategy, Working } from './strategies/strategy.js';
import { orphansByDefault } from './strategies/traits.js';

/** What a request to delete may ask for; https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/delete-options/ */
export interface DeletionOptions {
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground' | undefined;
  gracePeriodSeconds?: number | undefined;
  preconditions?: Preconditions | undefined;
}

export const ORPHAN_FINALIZER = 'orphan';
export const FOREGROUND_FINALIZER = 'foregroundDeletion';

/**
 * What a delete does to `current`: `remove` it now, `leave` it as it is because it is being deleted already, or store the
 * returned state, which is marked as being deleted.
 */
export function planDeletion(
  resource: ServedResource,
  strategy: Strategy,
  current: Working,
  options: DeletionOptions,
  clock: Clock,
): Working | 'remove' | 'leave' {
  const finalizers = finalizersFor(resource, current, options);
  const graceSeconds = strategy.gracePeriodSeconds?.(current, options.gracePeriodSeconds) ?? 0;
  const waits = finalizers.length > 0 || (strategy.mayBeRemoved?.(current) ?? true) === false;
  if (!waits && graceSeconds === 0) return 'remove';
  const next = cloneJson(current);
  if (finalizers.length > 0) next.metadata.finalizers = finalizers;
  else delete next.metadata.finalizers;
  const sameFinalizers = finalizers.join() === (current.metadata.finalizers ?? []).join();
  if (!mark(next, graceSeconds, clock) && sameFinalizers) return 'leave';
  strategy.prepareForDeletion?.(next);
  return next;
}

/** Whether an object that is being deleted has nothing left to wait for after this update. */
export function readyToGo(strategy: Strategy, { metadata, ...rest }: Working): boolean {
  if (metadata.deletionTimestamp === undefined || (metadata.deletionGracePeriodSeconds ?? 0) > 0)
    return false;
  if ((metadata.finalizers ?? []).length > 0) return false;
  return strategy.mayBeRemoved?.({ metadata, ...rest } as Working) ?? true;
}

/** Sets when the object has to be gone; later requests can only make it sooner. False when nothing changed. */
function mark(next: Working, graceSeconds: number, clock: Clock): boolean {
  const { metadata } = next;
  const before = metadata.deletionGracePeriodSeconds;
  if (metadata.deletionTimestamp !== undefined && (before ?? 0) <= graceSeconds) return false;
  const askedAt = metadata.deletionTimestamp
    ? Date.parse(metadata.deletionTimestamp) - (before ?? 0) * 1000
    : clock.now();
  metadata.deletionTimestamp = formatTime(askedAt + graceSeconds * 1000);
  metadata.deletionGracePeriodSeconds = graceSeconds;
  if (before === undefined && metadata.generation !== undefined) metadata.generation++;
  return true;
}

function finalizersFor(resource: ServedResource, current: Working, options: DeletionOptions): string[] {
  const policy = options.propagationPolicy ?? (orphansByDefault(resource) ? 'Orphan' : undefined);
  const finalizers = current.metadata.finalizers ?? [];
  if (policy === undefined) return finalizers;
  const others = finalizers.filter((each) => each !== ORPHAN_FINALIZER && each !== FOREGROUND_FINALIZER);
  if (policy === 'Orphan') return [...others, ORPHAN_FINALIZER];
  if (policy === 'Foreground') return [...others, FOREGROUND_FINALIZER];
  return others;
}
