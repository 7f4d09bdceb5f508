import { isObject, type JsonObject } from '../machinery/json.js';
import { applyJsonPatch, PatchError } from '../machinery/json-patch.js';
import { applyMergePatch } from '../machinery/merge-patch.js';
import { applyStrategicMergePatch } from '../machinery/strategic-merge-patch.js';
import { typeNameOf } from '../schema/types.js';
import { ApiError, badRequest } from './api-error.js';
import type { Working } from './strategies/strategy.js';

export const PATCH_TYPES = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
} as const;

export type PatchType = (typeof PATCH_TYPES)[keyof typeof PATCH_TYPES];

/** The object as the patch leaves it; `current` stays as it is. Throws 400 and 422 in the API server's words. */
export function patchObject(type: Exclude<PatchType, 'apply'>, current: Working, patch: unknown): JsonObject {
  try {
    const patched = applyByType(type, current, patch);
    if (!isObject(patched)) throw badRequest('the patch leaves no object');
    return patched;
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    throw error.kind === 'malformed' ? badRequest(error.message) : inapplicable(error.message);
  }
}

function applyByType(type: Exclude<PatchType, 'apply'>, current: Working, patch: unknown): unknown {
  if (type === 'json') return applyJsonPatch(current, patch);
  if (!isObject(patch))
    throw badRequest('json: cannot unmarshal array into Go value of type map[string]interface {}');
  const typeName = typeNameOf(current.apiVersion, current.kind);
  if (type === 'merge' || typeName === undefined) return applyMergePatch(current, patch);
  return applyStrategicMergePatch(current, patch, typeName);
}

function inapplicable(message: string): ApiError {
  return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {
    causes: [{ reason: 'UnexpectedServerResponse', message, field: '' }],
  });
}
