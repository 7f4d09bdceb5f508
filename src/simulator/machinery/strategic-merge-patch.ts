import { typeDefinition, type ValueDefinition } from '../schema/types.js';
import { cloneJson, isObject, type JsonObject } from './json.js';
import { PatchError } from './json-patch.js';

const PATCH_DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const SET_ELEMENT_ORDER = '$setElementOrder/';
const DELETE_FROM_PRIMITIVE_LIST = '$deleteFromPrimitiveList/';

/** How the lists and maps of one field merge. */
interface FieldSchema {
  typeName: string | undefined;
  mergeKey: string | undefined;
  strategies: readonly string[];
}

/**
 * Strategic merge patch: a merge patch that knows from the type which lists merge by key. Directives: `$patch`
 * (`replace`, `delete`, `merge`), `$retainKeys`, `$setElementOrder/<list>`, `$deleteFromPrimitiveList/<list>`.
 * Changes neither argument; the result may share unchanged parts with `original`. Throws `PatchError`.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply
 */
export function applyStrategicMergePatch(
  original: JsonObject,
  patch: JsonObject,
  typeName: string,
): JsonObject {
  return mergeMap(original, patch, typeName);
}

function mergeMap(original: JsonObject, patch: JsonObject, typeName: string | undefined): JsonObject {
  if (PATCH_DIRECTIVE in patch) {
    const directed = followMapDirective(patch);
    if (directed) return directed;
  }
  const merged = retainKeys(original, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === PATCH_DIRECTIVE || key === RETAIN_KEYS || key.startsWith(SET_ELEMENT_ORDER)) continue;
    if (key.startsWith(DELETE_FROM_PRIMITIVE_LIST)) deleteFromList(merged, key, value);
    else mergeField(merged, key, value, schemaOf(typeName, key));
  }
  for (const [key, order] of Object.entries(patch))
    if (key.startsWith(SET_ELEMENT_ORDER)) reorder(merged, original, patch, key, order, typeName);
  return merged;
}

function mergeField(merged: JsonObject, key: string, value: unknown, schema: FieldSchema): void {
  const present = merged[key];
  if (value === null) {
    delete merged[key];
  } else if (isObject(present) && isObject(value)) {
    merged[key] = schema.strategies.includes('replace')
      ? cloneJson(value)
      : mergeMap(present, value, schema.typeName);
  } else if (Array.isArray(present) && Array.isArray(value)) {
    merged[key] = schema.strategies.includes('merge')
      ? mergeList(present, value, schema)
      : withoutDirectives(value);
  } else {
    const added = withoutDirectives(value);
    if (added === undefined) delete merged[key];
    else merged[key] = added;
  }
}

/** The map that a `$patch` directive asks for; undefined when it asks for an ordinary merge. */
function followMapDirective(patch: JsonObject): JsonObject | undefined {
  const directive = patch[PATCH_DIRECTIVE];
  if (directive === 'delete') return {};
  if (directive === 'merge') return undefined;
  if (directive !== 'replace') return failPatchType(directive, patch);
  const { [PATCH_DIRECTIVE]: _, ...replacement } = patch;
  return cloneJson(replacement);
}

function failPatchType(directive: unknown, patch: JsonObject): never {
  throw new PatchError(
    `unknown patch type: ${String(directive)} in map: ${JSON.stringify(patch)}`,
    'malformed',
  );
}

/** A copy of the original with only the keys that the patch says to retain; all when it does not say. */
function retainKeys(original: JsonObject, patch: JsonObject): JsonObject {
  const retained = patch[RETAIN_KEYS];
  if (retained === undefined) return { ...original };
  if (!Array.isArray(retained)) throw new PatchError('invalid patch format of retainKeys', 'malformed');
  for (const [key, value] of Object.entries(patch))
    if (value !== null && !key.startsWith('$') && !retained.includes(key))
      throw new PatchError('invalid patch format of retainKeys', 'malformed');
  return Object.fromEntries(Object.entries(original).filter(([key]) => retained.includes(key)));
}

function deleteFromList(merged: JsonObject, directive: string, values: unknown): void {
  const key = directive.slice(DELETE_FROM_PRIMITIVE_LIST.length);
  const list = merged[key];
  if (!Array.isArray(values)) throw new PatchError('invalid patch format of primitive list', 'malformed');
  if (Array.isArray(list)) merged[key] = list.filter((item) => !values.includes(item));
}

function mergeList(original: unknown[], patch: unknown[], schema: FieldSchema): unknown[] {
  const sample = patch[0] ?? original[0];
  if (!isObject(sample)) return [...new Set([...original, ...patch])];
  const { mergeKey } = schema;
  if (mergeKey === undefined)
    throw new PatchError(`cannot merge lists without merge key for ${schema.typeName}`, 'malformed');
  const items = patch.map((item) => requireMap(item));
  if (items.some((item) => item[PATCH_DIRECTIVE] === 'replace'))
    return cloneJson(items.filter((item) => !(PATCH_DIRECTIVE in item)));
  let merged = original.map((item) => requireMap(item));
  for (const item of items) merged = mergeItem(merged, item, mergeKey, schema.typeName);
  return orderLike(
    merged,
    items.map((item) => item[mergeKey]),
    original,
    mergeKey,
  );
}

function requireMap(item: unknown): JsonObject {
  if (isObject(item)) return item;
  throw new PatchError(
    `expected a map, but received a ${Array.isArray(item) ? 'slice' : typeof item}`,
    'malformed',
  );
}

function mergeItem(
  list: JsonObject[],
  item: JsonObject,
  mergeKey: string,
  typeName: string | undefined,
): JsonObject[] {
  if (item[mergeKey] === undefined)
    throw new PatchError(`map: ${goMap(item)} does not contain declared merge key: ${mergeKey}`, 'malformed');
  const directive = item[PATCH_DIRECTIVE];
  if (directive === 'delete') return list.filter((present) => present[mergeKey] !== item[mergeKey]);
  if (directive !== undefined) return failPatchType(directive, item);
  const index = list.findIndex((present) => present[mergeKey] === item[mergeKey]);
  if (index < 0) return [...list, withoutDirectives(item) as JsonObject];
  return list.with(index, mergeMap(list[index] ?? {}, item, typeName));
}

/** A map as Go prints it: `map[a:1 b:map[…]]`. */
function goMap(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goMap).join(' ')}]`;
  if (!isObject(value)) return value === null ? '<nil>' : String(value);
  return `map[${Object.keys(value)
    .sort()
    .map((key) => `${key}:${goMap(value[key])}`)
    .join(' ')}]`;
}

/** Follows `$setElementOrder/<list>`: the elements it names in its order, the others where they stood before. */
function reorder(
  merged: JsonObject,
  original: JsonObject,
  patch: JsonObject,
  directive: string,
  order: unknown,
  typeName: string | undefined,
): void {
  const key = directive.slice(SET_ELEMENT_ORDER.length);
  const list = merged[key];
  if (!Array.isArray(order))
    throw new PatchError('invalid patch format of setElementOrder list', 'malformed');
  const { mergeKey } = schemaOf(typeName, key);
  const keys = order.map((entry) => keyOf(entry, mergeKey));
  assertOrdered(patch[key], order, keys, mergeKey);
  const before = original[key];
  if (Array.isArray(list)) merged[key] = orderLike(list, keys, Array.isArray(before) ? before : [], mergeKey);
}

function assertOrdered(
  patchList: unknown,
  order: unknown[],
  keys: unknown[],
  mergeKey: string | undefined,
): void {
  if (!Array.isArray(patchList) || order.length === 0) return;
  let next = 0;
  for (const item of patchList) {
    if (isObject(item) && PATCH_DIRECTIVE in item) continue;
    const at = keys.indexOf(keyOf(item, mergeKey), next);
    if (at < 0)
      throw new PatchError(
        `The order in patch list:\n${goMap(patchList)}\n doesn't match $setElementOrder list:\n${goMap(order)}\n`,
        'malformed',
      );
    next = at + 1;
  }
}

const keyOf = (item: unknown, mergeKey: string | undefined) =>
  mergeKey !== undefined && isObject(item) ? item[mergeKey] : item;

/**
 * Orders the elements named in `keys` as there; each other one keeps its place relative to those that it stood before or
 * after in `before`.
 */
function orderLike<T>(list: T[], keys: unknown[], before: unknown[], mergeKey: string | undefined): T[] {
  const rank = new Map(keys.map((key, index) => [key, index]));
  const place = new Map(before.map((item, index) => [keyOf(item, mergeKey), index]));
  const named = list
    .filter((item) => rank.has(keyOf(item, mergeKey)))
    .sort((a, b) => (rank.get(keyOf(a, mergeKey)) ?? 0) - (rank.get(keyOf(b, mergeKey)) ?? 0));
  const others = list.filter((item) => !rank.has(keyOf(item, mergeKey)));
  const ordered: T[] = [];
  while (named.length > 0 && others.length > 0) {
    const [first, other] = [named[0] as T, others[0] as T];
    const otherPlace = place.get(keyOf(other, mergeKey)) ?? Number.POSITIVE_INFINITY;
    const firstPlace = place.get(keyOf(first, mergeKey));
    const otherComesFirst = firstPlace !== undefined && otherPlace < firstPlace;
    ordered.push(...(otherComesFirst ? others.splice(0, 1) : named.splice(0, 1)));
  }
  return [...ordered, ...named, ...others];
}

/** A value of the patch as it is added where nothing stood; undefined when its directive says to delete it. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (PATCH_DIRECTIVE in value) return undefined;
  const clean: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    if (
      key.startsWith(SET_ELEMENT_ORDER) ||
      key.startsWith(DELETE_FROM_PRIMITIVE_LIST) ||
      key === RETAIN_KEYS
    )
      continue;
    const kept = withoutDirectives(member);
    if (kept !== undefined && kept !== null) clean[key] = kept;
  }
  return clean;
}

function schemaOf(typeName: string | undefined, key: string): FieldSchema {
  const field = typeName === undefined ? undefined : typeDefinition(typeName)?.fields?.[key];
  return {
    typeName: elementType(field ?? {}),
    mergeKey: field?.patchMergeKey,
    strategies: field?.patchStrategy?.split(',') ?? [],
  };
}

const elementType = (definition: ValueDefinition): string | undefined =>
  definition.ref ?? definition.items?.ref ?? definition.values?.ref;
