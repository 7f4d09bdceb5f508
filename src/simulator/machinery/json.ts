/** Any decoded JSON object. */
export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sets a member whose name comes from outside: `__proto__` is a name like any other, not the object's prototype. */
export function setMember(object: JsonObject, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A deep copy of decoded JSON; shares nothing with the original. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneJson) as T;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) setMember(copy, key, cloneJson((value as JsonObject)[key]));
  return copy as T;
}

/** Deep equality of decoded JSON. An undefined member is the same as an absent one; the order of keys does not count. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => equalJson(item, right[index]));
  }
  return equalObjects(left as JsonObject, right as JsonObject);
}

function equalObjects(left: JsonObject, right: JsonObject): boolean {
  let present = 0;
  for (const key of Object.keys(left)) {
    if (left[key] === undefined) continue;
    present++;
    if (right[key] === undefined || !equalJson(left[key], right[key])) return false;
  }
  for (const key of Object.keys(right)) if (right[key] !== undefined) present--;
  return present === 0;
}

/** The value at a path of keys and indexes; undefined as soon as a step leads nowhere. */
export function getPath(value: unknown, ...path: (string | number)[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}

/** JSON as Go's encoder writes it: keys sorted, `<`, `>`, `&` escaped. */
export function goJson(value: unknown): string {
  return JSON.stringify(value, (_, member) => (isObject(member) ? sortKeys(member) : member)).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function sortKeys(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, value[key]]),
  );
}
