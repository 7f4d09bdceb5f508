import type { ServedResource } from '../schema/resources.js';
import { conflict } from './api-error.js';
import type { Working } from './strategies/strategy.js';

/** What a write may demand of the object that it meets. Absent or empty: anything. */
export interface Preconditions {
  uid?: string | undefined;
  resourceVersion?: string | undefined;
}

/** Throws 409 Conflict when `current` is another object, or another version of it, than the writer has seen. */
export function checkPreconditions(
  resource: ServedResource,
  current: Working,
  { uid, resourceVersion }: Preconditions,
): void {
  const { metadata } = current;
  if (uid && uid !== metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`;
    throw conflict(resource, metadata.name, why);
  }
  if (resourceVersion && resourceVersion !== '0' && resourceVersion !== metadata.resourceVersion) {
    throw conflict(resource, metadata.name);
  }
}

/** Puts back into an update what only the server sets. */
export function keepServerMetadata(next: Working, { metadata: current }: Working): void {
  const { metadata } = next;
  metadata.name = current.name;
  metadata.uid = current.uid;
  metadata.resourceVersion = current.resourceVersion;
  metadata.creationTimestamp = current.creationTimestamp;
  delete metadata.selfLink;
  copy(metadata, current, 'namespace');
  copy(metadata, current, 'generateName');
  copy(metadata, current, 'generation');
  copy(metadata, current, 'deletionTimestamp');
  copy(metadata, current, 'deletionGracePeriodSeconds');
  if (metadata.managedFields === undefined) copy(metadata, current, 'managedFields');
}

function copy<T extends object, K extends keyof T>(to: T, from: T, key: K): void {
  if (from[key] === undefined) delete to[key];
  else to[key] = from[key];
}

/** An instant, ms, as Kubernetes' `Time`. */
export function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
