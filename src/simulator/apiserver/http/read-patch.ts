import { badRequest } from '../api-error.js';
import { PATCH_TYPES, type PatchType } from '../patch.js';
import { unsupportedMediaType } from './decode-body.js';
import { readBody } from './read-body.js';
import type { ResourceRequest } from './resource-request.js';

/** How a PATCH is meant, by its content type. Throws 415 for one that the resource does not take. */
export function patchTypeOf({ request, resource }: Pick<ResourceRequest, 'request' | 'resource'>): PatchType {
  const media = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const type = PATCH_TYPES[media as keyof typeof PATCH_TYPES] as PatchType | undefined;
  if (type !== undefined && !(type === 'strategic' && resource.custom)) return type;
  const accepted = Object.keys(PATCH_TYPES).filter(
    (each) => !(resource.custom && each.includes('strategic')),
  );
  throw unsupportedMediaType(accepted.join(', '));
}

/** A patch that is JSON, of whichever type. */
export async function readPatch(
  request: ResourceRequest,
): Promise<{ type: Exclude<PatchType, 'apply'>; patch: unknown }> {
  const type = patchTypeOf(request);
  if (type === 'apply') throw unsupportedMediaType(Object.keys(PATCH_TYPES).slice(0, 3).join(', '));
  return { type, patch: parsePatch(await readBody(request.request)) };
}

export function parsePatch(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : ''}`);
  }
}
