import type { ManagedFieldsEntry } from '../api/meta-v1.generated.js';
import type { KubernetesObject } from '../object.js';
import type { ValueDefinition } from '../schema/types.js';
import { compareFields, emptyObjectOf } from './compare-fields.js';
import {
  EMPTY_SET,
  type FieldSet,
  formatPaths,
  intersectionOfSets,
  isEmptySet,
  isMember,
  itemsByElement,
  memberDefinition,
  mergeKindOf,
  setOfValue,
  unionSets,
} from './field-set.js';
import { cloneJson, isObject, type JsonObject } from './json.js';
import {
  entryOf,
  type FieldManager,
  fieldsOf,
  isSameManager,
  sortEntries,
  withoutFields,
  withoutUnmanaged,
} from './managed-fields.js';

export interface FieldConflict {
  /** The other manager as messages name it: `"kubectl" using apps/v1`. */
  manager: string;
  /** `.spec.replicas` */
  field: string;
}

/** Others own fields that the applied configuration would change. The message is the API server's (409, Conflict). */
export class ApplyConflict extends Error {
  override name = 'ApplyConflict';

  constructor(readonly conflicts: FieldConflict[]) {
    super(conflictMessage(conflicts));
  }
}

export interface ApplyRequest extends Omit<FieldManager, 'operation'> {
  /** Undefined when the object does not exist yet. */
  live: KubernetesObject | undefined;
  /** What the client sent, as parsed: neither decoded by type nor defaulted, for what is not in it is not applied. */
  applied: JsonObject;
  /** Take over fields in conflict. */
  force: boolean;
  /** Undefined for custom resources. */
  typeName: string | undefined;
}

/**
 * Server-side apply: merges the configuration into the live object, removes what this manager applied before and no
 * longer does (unless others own it), and keeps `metadata.managedFields`. The object returned is still to be decoded by
 * type, defaulted and validated. Applying the same again changes nothing. Throws `ApplyConflict`.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export function applyConfiguration({ live, applied, force, typeName, ...request }: ApplyRequest): {
  object: KubernetesObject;
} {
  const writer: FieldManager = { ...request, operation: 'Apply' };
  const definition = typeName === undefined ? undefined : { ref: typeName };
  const configuration = withoutManagedFields(withoutNulls(applied) as JsonObject);
  const entries = live?.metadata.managedFields ?? [];
  const previous = entries.find((entry) => isSameManager(entry, writer));
  const others = entries.filter((entry) => entry !== previous);
  const appliedSet = setOfValue(configuration, definition);

  const base: JsonObject = live ? { ...live } : {};
  const owned = others.reduce((set, entry) => unionSets(set, fieldsOf(entry)), appliedSet);
  const merged = prune(
    merge(base, configuration, definition),
    fieldsOf(previous),
    owned,
    definition,
  ) as JsonObject;
  const { changed, removed } = compareFields(
    live ?? (typeName === undefined ? {} : emptyObjectOf(typeName)),
    merged,
    typeName,
  );
  if (!force) assertNoConflicts(others, changed);
  const lost = withoutUnmanaged(unionSets(changed, removed));
  const kept = others.map((entry) => withoutFields(entry, lost));
  const own = entryOf(writer, withoutUnmanaged(appliedSet), previous);
  const metadata = { ...(merged['metadata'] as JsonObject), managedFields: sortEntries([...kept, own]) };
  return { object: { ...merged, metadata } as unknown as KubernetesObject };
}

function withoutManagedFields(configuration: JsonObject): JsonObject {
  if (!isObject(configuration['metadata'])) return configuration;
  const { managedFields: _, ...metadata } = configuration['metadata'];
  return { ...configuration, metadata };
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null && member !== undefined)
      .map(([name, member]) => [name, withoutNulls(member)]),
  );
}

function assertNoConflicts(others: ManagedFieldsEntry[], changed: FieldSet): void {
  const conflicts = others.flatMap((entry) =>
    formatPaths(intersectionOfSets(fieldsOf(entry), changed)).map((field) => ({
      manager: describeManager(entry),
      field,
    })),
  );
  if (conflicts.length > 0) throw new ApplyConflict(conflicts);
}

function describeManager({ manager, operation, apiVersion, subresource }: ManagedFieldsEntry): string {
  const name = JSON.stringify(manager ?? '');
  const place = subresource ? `${name} with subresource ${JSON.stringify(subresource)}` : name;
  return operation === 'Update' ? `${place} using ${apiVersion}` : place;
}

function conflictMessage(conflicts: FieldConflict[]): string {
  const [first] = conflicts;
  if (first && conflicts.length === 1)
    return `Apply failed with 1 conflict: conflict with ${first.manager}: ${first.field}`;
  const managers = [...new Set(conflicts.map(({ manager }) => manager))].sort();
  const lines = managers.flatMap((manager) => [
    `conflicts with ${manager}:`,
    ...conflicts.filter((conflict) => conflict.manager === manager).map(({ field }) => `- ${field}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

/** The live value with the configuration's put over it: leaves replace, structs and maps merge, lists merge by key. */
function merge(live: unknown, configuration: unknown, definition: ValueDefinition | undefined): unknown {
  const kind = mergeKindOf(configuration, definition);
  if (kind.kind === 'list' && Array.isArray(live)) {
    const merged = mergeLists(live, configuration as unknown[], kind.items, kind.elementOf);
    if (merged) return merged;
  }
  if ((kind.kind === 'struct' || kind.kind === 'map') && isObject(live)) {
    const merged: JsonObject = { ...live };
    for (const [name, value] of Object.entries(configuration as JsonObject))
      merged[name] = merge(live[name], value, memberDefinition(kind, name));
    return merged;
  }
  return cloneJson(configuration);
}

/**
 * In the order of the configuration; items that only the live list has stay in front of the one they stood before.
 * Undefined when either list has two items of one key.
 */
function mergeLists(
  live: unknown[],
  configuration: unknown[],
  items: ValueDefinition,
  elementOf: (item: unknown) => string | undefined,
): unknown[] | undefined {
  const liveItems = itemsByElement(live, elementOf);
  const appliedItems = itemsByElement(configuration, elementOf);
  if (!liveItems || !appliedItems) return undefined;
  const merged: unknown[] = [];
  const waiting = [...liveItems.keys()];
  for (const [element, item] of appliedItems) {
    const place = waiting.indexOf(element);
    if (place >= 0)
      for (const earlier of waiting.splice(0, place + 1))
        if (!appliedItems.has(earlier)) merged.push(liveItems.get(earlier));
    merged.push(merge(liveItems.get(element), item, items));
  }
  for (const element of waiting) if (!appliedItems.has(element)) merged.push(liveItems.get(element));
  return merged;
}

/** Takes out of `value` the paths in `last` that are not, nor have anything below them, in `owned`. */
function prune(
  value: unknown,
  last: FieldSet,
  owned: FieldSet,
  definition: ValueDefinition | undefined,
): unknown {
  if (isEmptySet(last)) return value;
  const kind = mergeKindOf(value, definition);
  if (kind.kind === 'list') return pruneList(value as unknown[], last, owned, kind);
  if (kind.kind === 'leaf') return value;
  const pruned: JsonObject = { ...(value as JsonObject) };
  for (const [element, node] of Object.entries(last)) {
    const name = element.slice(2);
    const ownedNode = owned[element];
    if (!element.startsWith('f:') || pruned[name] === undefined) continue;
    if (ownedNode === undefined) delete pruned[name];
    else pruned[name] = prune(pruned[name], node, ownedNode, memberDefinition(kind, name));
  }
  return pruned;
}

function pruneList(
  list: unknown[],
  last: FieldSet,
  owned: FieldSet,
  { items, elementOf }: { items: ValueDefinition; elementOf: (item: unknown) => string | undefined },
): unknown[] {
  return list.flatMap((item) => {
    const element = elementOf(item) ?? '';
    const node = last[element];
    if (node === undefined) return [item];
    const ownedNode = owned[element];
    if (ownedNode === undefined && isMember(node)) return [];
    return [prune(item, node, ownedNode ?? EMPTY_SET, items)];
  });
}
