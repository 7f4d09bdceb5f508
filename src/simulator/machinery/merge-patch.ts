import { cloneJson, isObject, type JsonObject } from './json.js';

/**
 * JSON merge patch, RFC 7386: null removes a member, objects merge, everything else replaces. Changes neither argument;
 * the result may share unchanged parts with `original`.
 */
export function applyMergePatch(original: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return cloneJson(patch);
  const merged: JsonObject = isObject(original) ? { ...original } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = applyMergePatch(merged[key], value);
  }
  return merged;
}
