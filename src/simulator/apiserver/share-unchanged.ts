import { isObject, type JsonObject } from '../machinery/json.js';

/**
 * `next` with every part that equals the same part of `previous` replaced by it. What comes back is `previous` itself
 * when nothing changed, so one walk answers "was anything changed?" for the whole and, by identity, for each field; and a
 * stored history holds unchanged parts once. Changes `next` in place.
 */
export function shareUnchanged<T>(previous: unknown, next: T): T {
  if (Object.is(previous, next)) return next;
  if (Array.isArray(next)) return shareArray(previous, next) as T;
  if (!isObject(next) || !isObject(previous)) return next;
  return shareObject(previous, next) as T;
}

function shareObject(previous: JsonObject, next: JsonObject): JsonObject {
  let same = true;
  const keys = Object.keys(next);
  for (const key of keys) {
    const old = previous[key];
    const shared = shareUnchanged(old, next[key]);
    next[key] = shared;
    if (!Object.is(shared, old) || !(key in previous)) same = false;
  }
  return same && keys.length === Object.keys(previous).length ? previous : next;
}

function shareArray(previous: unknown, next: unknown[]): unknown[] {
  if (!Array.isArray(previous)) return next;
  let same = previous.length === next.length;
  for (let index = 0; index < next.length; index++) {
    const shared = shareUnchanged(previous[index], next[index]);
    next[index] = shared;
    if (!Object.is(shared, previous[index])) same = false;
  }
  return same ? previous : next;
}
