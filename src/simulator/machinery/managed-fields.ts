import type { ManagedFieldsEntry } from '../api/meta-v1.generated.js';
import type { KubernetesObject } from '../object.js';
import { compareFields, emptyObjectOf } from './compare-fields.js';
import { differenceOfSets, EMPTY_SET, type FieldSet, isEmptySet, unionSets } from './field-set.js';
import { equalJson, isObject } from './json.js';

/** Who owns which fields, as `metadata.managedFields` has it. */
export type ManagedFields = ManagedFieldsEntry[];

/** Who writes, and how. */
export interface FieldManager {
  /** `kubectl-create`, `kube-controller-manager`, … */
  manager: string;
  operation: 'Apply' | 'Update';
  /** The version in which it writes. */
  apiVersion: string;
  /** Of the write; RFC 3339. */
  time: string;
  /** `status`, `scale`; absent for the object itself. */
  subresource?: string | undefined;
}

/** Fields that the API server owns and nobody manages. */
const UNMANAGED: FieldSet = {
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': {
    '.': {},
    'f:name': {},
    'f:namespace': {},
    'f:creationTimestamp': {},
    'f:selfLink': {},
    'f:uid': {},
    'f:generation': {},
    'f:managedFields': {},
    'f:resourceVersion': {},
    'f:deletionTimestamp': {},
    'f:deletionGracePeriodSeconds': {},
  },
};

export const withoutUnmanaged = (set: FieldSet): FieldSet => differenceOfSets(set, UNMANAGED);

/**
 * The `managedFields` after an update: the writer owns what it added or changed, others no longer own that nor what is
 * gone. Unchanged parts that `before` and `after` share cost nothing; without any change the entries come back as they
 * were. `before` is undefined for a creation, `typeName` for custom resources. Entries that the writer itself put into
 * `after` count instead of those of `before` (kubectl does so to take over from client-side apply), and `[{}]` clears them.
 */
export function trackUpdate({
  before,
  after,
  typeName,
  ...writer
}: FieldManager & {
  before: KubernetesObject | undefined;
  after: KubernetesObject;
  typeName: string | undefined;
}): ManagedFields {
  const given = after.metadata.managedFields;
  if (given && given.length > 0 && given.every((entry) => Object.keys(entry).length === 0)) return [];
  const entries = given && given.length > 0 ? given : (before?.metadata.managedFields ?? []);
  const base = before ?? (typeName === undefined ? EMPTY_CUSTOM_OBJECT : emptyObjectOf(typeName));
  const changes = compareFields(base, after, typeName);
  const changed = withoutUnmanaged(changes.changed);
  const removed = withoutUnmanaged(changes.removed);
  if (isEmptySet(changed) && isEmptySet(removed)) return entries;
  const lost = unionSets(changed, removed);
  const others = entries
    .filter((entry) => !isSameManager(entry, writer))
    .map((entry) => withoutFields(entry, lost));
  const own = entries.find((entry) => isSameManager(entry, writer));
  const owned = unionSets(differenceOfSets(fieldsOf(own), removed), changed);
  return sortEntries([...others, entryOf(writer, owned, own)]);
}

const EMPTY_CUSTOM_OBJECT = { metadata: {} };

/** Appliers are the same in every version, updaters are not. */
export function isSameManager(
  entry: ManagedFieldsEntry,
  { manager, operation, apiVersion, subresource }: Omit<FieldManager, 'time'>,
): boolean {
  return (
    entry.manager === manager &&
    entry.operation === operation &&
    (entry.subresource ?? '') === (subresource ?? '') &&
    (operation === 'Apply' || entry.apiVersion === apiVersion)
  );
}

export function fieldsOf(entry: ManagedFieldsEntry | undefined): FieldSet {
  return isObject(entry?.fieldsV1) ? (entry.fieldsV1 as unknown as FieldSet) : EMPTY_SET;
}

/** The entry with fewer fields; itself when it has none of `lost`. */
export function withoutFields(entry: ManagedFieldsEntry, lost: FieldSet): ManagedFieldsEntry {
  const fields = fieldsOf(entry);
  const left = differenceOfSets(fields, lost);
  return left === fields ? entry : { ...entry, fieldsV1: left };
}

/** The writer's entry; as old as its predecessor when it owns the same. */
export function entryOf(
  { manager, operation, apiVersion, time, subresource }: FieldManager,
  fields: FieldSet,
  previous: ManagedFieldsEntry | undefined,
): ManagedFieldsEntry {
  if (previous && previous.apiVersion === apiVersion && equalJson(fieldsOf(previous), fields))
    return previous;
  return {
    apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
    manager,
    operation,
    ...(subresource && { subresource }),
    time,
  };
}

/** Appliers first, then by time and name; entries that own nothing are left out. */
export function sortEntries(entries: ManagedFields): ManagedFields {
  const rank = (entry: ManagedFieldsEntry) =>
    [entry.operation, entry.time, entry.manager, entry.apiVersion, entry.subresource ?? ''].join('\0');
  return entries
    .filter((entry) => !isEmptySet(fieldsOf(entry)))
    .sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
}
