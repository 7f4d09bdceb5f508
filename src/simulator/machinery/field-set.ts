import { typeDefinition, type ValueDefinition } from '../schema/types.js';
import { isObject, type JsonObject } from './json.js';

/**
 * A set of paths, in the form that `metadata.managedFields[].fieldsV1` has it: a tree of path elements, `f:<field>`,
 * `k:<keys of a list item>`, `v:<value of a set item>`. A node without children is a path in the set; a node with
 * children is one when it has the child `.`. Sets are never changed in place.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export interface FieldSet {
  [element: string]: FieldSet;
}

export const SELF = '.';
export const EMPTY_SET: FieldSet = Object.freeze({});
const LEAF: FieldSet = Object.freeze({});

export function isEmptySet(set: FieldSet | undefined): boolean {
  // Asked for every field of every write: no array of keys for it.
  for (const _ in set) return false;
  return true;
}

/** Whether the node's own path is in the set. */
export const isMember = (node: FieldSet): boolean => isEmptySet(node) || SELF in node;

/** Paths of either. */
export function unionSets(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(right) || left === right) return left;
  if (isEmptySet(left)) return right;
  const union: FieldSet = { ...left };
  for (const [element, node] of Object.entries(right)) {
    const present = union[element];
    union[element] = present === undefined ? node : unionNodes(present, node);
  }
  return union;
}

function unionNodes(left: FieldSet, right: FieldSet): FieldSet {
  const union = unionSets(left, right);
  return !isEmptySet(union) && (isMember(left) || isMember(right)) ? { [SELF]: LEAF, ...union } : union;
}

/** Paths of `set` that are not in `removed`. Costs what `removed` is large, and gives back `set` itself when it has none of it. */
export function differenceOfSets(set: FieldSet, removed: FieldSet): FieldSet {
  let left: FieldSet | undefined;
  for (const element of Object.keys(removed)) {
    const [node, removedNode] = [set[element], removed[element]];
    if (element === SELF || node === undefined || removedNode === undefined) continue;
    const leftNode = differenceOfNodes(node, removedNode);
    if (leftNode === node) continue;
    left ??= { ...set };
    if (leftNode === undefined) delete left[element];
    else left[element] = leftNode;
  }
  return left ?? set;
}

/** Undefined when neither the node's own path nor any below it is left. */
function differenceOfNodes(node: FieldSet, removed: FieldSet): FieldSet | undefined {
  const below = differenceOfSets(node, removed);
  const staysMember = isMember(node) && !isMember(removed);
  if (below === node && staysMember === isMember(node)) return node;
  const { [SELF]: _, ...children } = below;
  if (isEmptySet(children)) return staysMember ? LEAF : undefined;
  return staysMember ? { [SELF]: LEAF, ...children } : children;
}

/** Paths of both. */
export function intersectionOfSets(left: FieldSet, right: FieldSet): FieldSet {
  const both: FieldSet = {};
  for (const [element, node] of Object.entries(left)) {
    const counterpart = right[element];
    if (element === SELF || counterpart === undefined) continue;
    const below = intersectionOfSets(node, counterpart);
    const member = isMember(node) && isMember(counterpart);
    if (!isEmptySet(below)) both[element] = member ? { [SELF]: LEAF, ...below } : below;
    else if (member) both[element] = LEAF;
  }
  return both;
}

/** Every path of the set as messages show it: `.spec.template.spec.containers[name="web"].image`. Sorted by element. */
export function formatPaths(set: FieldSet, prefix = ''): string[] {
  return Object.keys(set)
    .filter((element) => element !== SELF)
    .sort()
    .flatMap((element) => {
      const node = set[element] ?? LEAF;
      const path = prefix + formatElement(element);
      return isMember(node) ? [path, ...formatPaths(node, path)] : formatPaths(node, path);
    });
}

function formatElement(element: string): string {
  const content = element.slice(2);
  if (element.startsWith('f:')) return `.${content}`;
  if (element.startsWith('v:')) return `[=${content}]`;
  if (element.startsWith('i:')) return `[${content}]`;
  const keys = Object.entries(JSON.parse(content) as JsonObject);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}

/** How a value merges with another of the same place. */
export type MergeKind =
  | { kind: 'leaf' }
  | { kind: 'struct'; typeName: string }
  | { kind: 'map'; values: ValueDefinition | undefined }
  | { kind: 'list'; items: ValueDefinition; elementOf: (item: unknown) => string | undefined };

interface MergeDefinition extends ValueDefinition {
  listType?: string;
  listMapKeys?: string[];
  mapType?: string;
}

/** By its declared type; without one (custom resources) maps merge and lists do not. */
export function mergeKindOf(value: unknown, definition: MergeDefinition | undefined): MergeKind {
  if (Array.isArray(value)) return listKind(definition);
  if (!isObject(value)) return { kind: 'leaf' };
  if (definition === undefined) return { kind: 'map', values: undefined };
  if (definition.mapType === 'atomic') return { kind: 'leaf' };
  if (definition.ref !== undefined) {
    const type = typeDefinition(definition.ref);
    if (!type?.fields || type.mapType === 'atomic') return { kind: 'leaf' };
    return { kind: 'struct', typeName: definition.ref };
  }
  return { kind: 'map', values: definition.values };
}

function listKind(definition: MergeDefinition | undefined): MergeKind {
  if (definition?.listType === 'set')
    return {
      kind: 'list',
      items: definition.items ?? {},
      elementOf: (item) => `v:${JSON.stringify(item)}`,
    };
  const { listType, listMapKeys = [], items = {} } = definition ?? {};
  if (listType !== 'map') return { kind: 'leaf' };
  const itemFields = items.ref === undefined ? undefined : typeDefinition(items.ref)?.fields;
  const keys = [...listMapKeys].sort().map((name) => ({ name, standard: itemFields?.[name]?.default }));
  return { kind: 'list', items, elementOf: (item) => keyElement(item, keys) };
}

function keyElement(item: unknown, keys: { name: string; standard: unknown }[]): string | undefined {
  if (!isObject(item)) return undefined;
  const values: JsonObject = {};
  for (const { name, standard } of keys) {
    const value = item[name] ?? standard;
    if (value !== undefined) values[name] = value;
  }
  return `k:${JSON.stringify(values)}`;
}

/** The definition of a member of a struct or map. */
export function memberDefinition(kind: MergeKind, name: string): MergeDefinition | undefined {
  if (kind.kind === 'struct') return typeDefinition(kind.typeName)?.fields?.[name];
  return kind.kind === 'map' ? kind.values : undefined;
}

/** The items of a list by path element; undefined when two items have the same one, which then merge as a whole. */
export function itemsByElement(
  list: unknown[],
  elementOf: (item: unknown) => string | undefined,
): Map<string, unknown> | undefined {
  const items = new Map<string, unknown>();
  for (const item of list) {
    const element = elementOf(item);
    if (element === undefined || items.has(element)) return undefined;
    items.set(element, item);
  }
  return items;
}

/** All paths of a value: its leaves, its empty maps, and the items of its lists. */
export function setOfValue(value: unknown, definition: ValueDefinition | undefined): FieldSet {
  const kind = mergeKindOf(value, definition);
  const set: FieldSet = {};
  if (kind.kind === 'list') {
    const items = itemsByElement(value as unknown[], kind.elementOf);
    for (const [element, item] of items ?? []) {
      const below = setOfValue(item, kind.items);
      set[element] = isEmptySet(below) ? LEAF : { [SELF]: LEAF, ...below };
    }
  } else if (kind.kind !== 'leaf') {
    for (const [name, member] of Object.entries(value as JsonObject))
      if (member !== undefined && member !== null)
        set[`f:${name}`] = setOfValue(member, memberDefinition(kind, name));
  }
  return set;
}
