import { cloneJson, isObject, type JsonObject, setMember } from './json.js';

/**
 * JSON merge patch, RFC 7386: null removes a member, objects merge, everything else replaces. Changes neither argument;
 * the result may share unchanged parts with `original`.
 */
export function applyMergePatch(original: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return cloneJson(patch);
  const merged: JsonObject = isObject(original) ? { ...original } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else setMember(merged, key, applyMergePatch(Object.hasOwn(merged, key) ? merged[key] : undefined, value));
  }
  return merged;
}
