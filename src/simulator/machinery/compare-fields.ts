import { typeDefinition, type ValueDefinition } from '../schema/types.js';
import {
  EMPTY_SET,
  type FieldSet,
  isEmptySet,
  itemsByElement,
  memberDefinition,
  mergeKindOf,
  SELF,
} from './field-set.js';
import { equalJson, isObject, type JsonObject } from './json.js';

/** What differs between two states of an object, as sets of paths. */
export interface FieldChanges {
  /** Paths that were added or have another value. */
  changed: FieldSet;
  /** Paths that are gone. */
  removed: FieldSet;
}

const NO_CHANGES: FieldChanges = { changed: EMPTY_SET, removed: EMPTY_SET };
const LEAF: FieldSet = Object.freeze({});

/**
 * Compares two states by the rules of the type. Parts that both share (`===`) cost nothing. The type is undefined for
 * custom resources.
 */
export function compareFields(before: unknown, after: unknown, typeName: string | undefined): FieldChanges {
  return compare(before, after, typeName === undefined ? undefined : { ref: typeName });
}

function compare(before: unknown, after: unknown, definition: ValueDefinition | undefined): FieldChanges {
  if (before === after) return NO_CHANGES;
  const kind = mergeKindOf(after ?? before, definition);
  if (kind.kind === 'leaf') return compareLeaves(before, after);
  if (kind.kind === 'list') {
    const old = Array.isArray(before) ? itemsByElement(before, kind.elementOf) : new Map<string, unknown>();
    const now = Array.isArray(after) ? itemsByElement(after, kind.elementOf) : new Map<string, unknown>();
    if (!old || !now) return compareLeaves(before, after);
    return collect(keysOfEither([...old.keys()], [...now.keys()]), (element) =>
      compareMember(old.get(element), now.get(element), kind.items),
    );
  }
  const old = isObject(before) ? before : {};
  const now = isObject(after) ? after : {};
  const names = keysOfEither(Object.keys(old), Object.keys(now));
  return collect(names, (name) => compareMember(old[name], now[name], memberDefinition(kind, name)), 'f:');
}

/** Null stands for a list or map that Go has as nil: it is there, but has nothing in it. */
function compareMember(
  before: unknown,
  after: unknown,
  definition: ValueDefinition | undefined,
): FieldChanges {
  if (before === after || ((before ?? null) === null && (after ?? null) === null)) return NO_CHANGES;
  const changes = compare(before ?? undefined, after ?? undefined, definition);
  if (before === undefined) return { ...changes, changed: withSelf(changes.changed) };
  if (after === undefined) return { ...changes, removed: withSelf(changes.removed) };
  return changes;
}

const withSelf = (set: FieldSet): FieldSet => (isEmptySet(set) ? MEMBER : { [SELF]: LEAF, ...set });

/** A path that is itself in the set, told apart from a set without any path. */
const MEMBER: FieldSet = Object.freeze({ [SELF]: LEAF });

function compareLeaves(before: unknown, after: unknown): FieldChanges {
  if (after === undefined) return { changed: EMPTY_SET, removed: MEMBER };
  return equalJson(before, after) ? NO_CHANGES : { changed: MEMBER, removed: EMPTY_SET };
}

const keysOfEither = (old: string[], now: string[]): Iterable<string> =>
  old.length === 0 ? now : new Set([...old, ...now]);

function collect(
  elements: Iterable<string>,
  compareElement: (element: string) => FieldChanges,
  prefix = '',
): FieldChanges {
  const changed: FieldSet = {};
  const removed: FieldSet = {};
  for (const element of elements) {
    const changes = compareElement(element);
    if (!isEmptySet(changes.changed)) changed[prefix + element] = leafOf(changes.changed);
    if (!isEmptySet(changes.removed)) removed[prefix + element] = leafOf(changes.removed);
  }
  return { changed, removed };
}

/** In a tree a node without children is a member already. */
const leafOf = (set: FieldSet): FieldSet => (SELF in set && Object.keys(set).length === 1 ? LEAF : set);

const emptyObjects = new Map<string, JsonObject>();

/**
 * An object of this type that nobody has set anything in: its structs, and null for its required lists. Of types whose Go
 * declaration is not known, nothing.
 */
export function emptyObjectOf(typeName: string): JsonObject {
  let empty = emptyObjects.get(typeName);
  if (!empty) {
    empty = {};
    emptyObjects.set(typeName, empty);
    const { fields = {}, goKnown = false } = typeDefinition(typeName) ?? {};
    for (const [name, field] of goKnown ? Object.entries(fields) : []) {
      if (field.nullable) empty[name] = null;
      else if (field.ref !== undefined && !field.pointer && isKnownStruct(field.ref))
        empty[name] = emptyObjectOf(field.ref);
    }
  }
  return empty;
}

function isKnownStruct(typeName: string): boolean {
  const definition = typeDefinition(typeName);
  return definition?.goKnown === true && definition.fields !== undefined;
}
