import { randomUUID } from 'node:crypto';
import { type ManagedFields, trackUpdate } from '../machinery/managed-fields.js';
import { generateName } from '../machinery/random-suffix.js';
import { decodeValue } from '../schema/decode-json.js';
import type { ServedResource } from '../schema/resources.js';
import { typeNameOf } from '../schema/types.js';
import { validateObject, validateUpdate } from '../validation/validation.js';
import { type ApiError, invalid, type StatusCause } from './api-error.js';
import type { Caller } from './caller.js';
import type { Scope } from './scopes.js';
import type { Working } from './strategies/strategy.js';
import { hasGeneration } from './strategies/traits.js';

/** Gives a new object the metadata that only the server sets, and takes out what a client may not. `now`: RFC 3339. */
export function startMetadata(
  { metadata }: Working,
  resource: ServedResource,
  namespace: string | undefined,
  now: string,
): void {
  if (resource.namespaced && namespace !== undefined) metadata.namespace = namespace;
  else delete metadata.namespace;
  if (!metadata.name && metadata.generateName) metadata.name = generateName(metadata.generateName);
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  delete (metadata as Partial<typeof metadata>).resourceVersion;
  metadata.uid = randomUUID();
  metadata.creationTimestamp = now;
  if (hasGeneration(resource)) metadata.generation = 1;
  else delete metadata.generation;
}

/**
 * Counts a change of desired state: of whatever is outside metadata and status, and of a Deployment also its annotations.
 * A write of status changes none of it, and where a pod runs is nothing that its author asked for.
 */
export function bumpGeneration(
  resource: ServedResource,
  next: Working,
  current: Working,
  scope: Scope,
): void {
  if (scope === 'status' || scope === 'binding' || !hasGeneration(resource)) return;
  const keys = [...Object.keys(next), ...Object.keys(current)];
  const desired = keys.filter((key) => key !== 'metadata' && key !== 'status');
  const changed =
    desired.some((key) => next[key] !== current[key]) ||
    (resource.name === 'deployments.apps' && next.metadata.annotations !== current.metadata.annotations);
  if (changed) next.metadata.generation = (current.metadata.generation ?? 0) + 1;
}

/** `metadata.managedFields` after a write by `caller`; `before` is undefined for a new object. */
export function entriesAfter(
  before: Working | undefined,
  after: Working,
  { apiVersion, kind }: ServedResource,
  caller: Caller,
  now: string,
  scope: Scope = 'object',
): ManagedFields {
  return trackUpdate({
    before,
    after,
    typeName: typeNameOf(apiVersion, kind),
    manager: caller.fieldManager,
    operation: 'Update',
    apiVersion,
    time: now,
    subresource: scope === 'object' ? undefined : scope,
  });
}

export function setManagedFields({ metadata }: Working, entries: ManagedFields | undefined): void {
  if (entries && entries.length > 0) metadata.managedFields = entries;
  else delete metadata.managedFields;
}

/** A new object has the status of its kind that says nothing yet. */
export function resetStatus(object: Working, { apiVersion, kind }: ServedResource): void {
  delete object['status'];
  const typeName = typeNameOf(apiVersion, kind);
  if (typeName === undefined) return;
  const { status } = decodeValue({ apiVersion, kind, metadata: {} }, typeName).value;
  if (status !== undefined) object['status'] = status;
}

/** What is wrong with a change. Binding and changing the containers of a running pod are what an ordinary update may not do. */
export function changeProblems(
  scope: Scope,
  next: Working,
  current: Working,
  resource: ServedResource,
): StatusCause[] {
  if (scope === 'binding') return [];
  if (scope === 'ephemeralcontainers' || scope === 'resize') return validateObject(next, resource);
  return validateUpdate(next, current, resource);
}

export function unspecifiedVersion(resource: ServedResource, current: Working): ApiError {
  const message = 'Invalid value: 0: must be specified for an update';
  return invalid(resource.kind, resource.group, current.metadata.name, [
    { reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' },
  ]);
}
