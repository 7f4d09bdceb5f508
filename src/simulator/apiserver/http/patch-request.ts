import { parseDocument } from 'yaml';
import { timestamp } from '../../clock/clock.js';
import { ApplyConflict, type ApplyRequest, applyConfiguration } from '../../machinery/apply.js';
import { cloneJson, isObject, type JsonObject } from '../../machinery/json.js';
import { DecodeError, decodeValue } from '../../schema/decode-json.js';
import { typeNameOf } from '../../schema/types.js';
import { ApiError, badRequest } from '../api-error.js';
import { decodeCustomObject } from '../custom-resources/decode-custom-object.js';
import { readFieldValidation, strictDecodingError } from '../field-validation.js';
import { patchObject } from '../patch.js';
import type { Scope } from '../scopes.js';
import type { Working } from '../strategies/strategy.js';
import { requireSameName, sendObject, targetOf } from './object-io.js';
import { readBody } from './read-body.js';
import { parsePatch, patchTypeOf } from './read-patch.js';
import { isTrue } from './request-info.js';
import type { ResourceRequest } from './resource-request.js';

/** Answers a PATCH of an object or of one of its subresources. */
export function applyPatchRequest(request: ResourceRequest): Promise<void> {
  return patchScope(request, 'object');
}

export async function patchScope(request: ResourceRequest, scope: Scope): Promise<void> {
  const { resource } = request;
  const body = await readBody(request.request);
  const type = patchTypeOf(request);
  if (type === 'apply') return serverSideApply(request, scope, body);
  const patch = parsePatch(body);
  const target = targetOf(request);
  const patched = await request.registry.update(
    target,
    (current) => {
      const next = decodePatched(request, patchObject(type, current, patch));
      requireSameName(next, { ...target, resource });
      return next;
    },
    request.caller,
    { verb: 'patch', scope },
  );
  await sendObject(request, 200, patched as Working);
}

/** The patched object as if it had come as a body: of the right types, defaults still to come. */
function decodePatched({ resource, info, caller }: ResourceRequest, value: JsonObject): Working {
  const { apiVersion, kind } = resource;
  const validation = readFieldValidation(info.query);
  if (resource.custom)
    return decodeCustomObject(decoded(value, undefined).value, resource, validation, caller.warn) as Working;
  const { value: object, unknownFields } = decoded(value, resource);
  if (unknownFields.length > 0 && validation !== 'Ignore') {
    const problems = unknownFields.sort().map((field) => `unknown field "${field}"`);
    if (validation === 'Strict') throw strictDecodingError({ apiVersion, kind }, problems);
    for (const problem of problems) caller.warn(problem);
  }
  return object as Working;
}

function decoded(value: JsonObject, resource: { apiVersion: string; kind: string } | undefined) {
  try {
    return decodeValue(value, resource && typeNameOf(resource.apiVersion, resource.kind));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(
      resource
        ? `${resource.kind} in version "${resource.apiVersion.slice(resource.apiVersion.indexOf('/') + 1)}" cannot be handled as a ${resource.kind}: ${error.message}`
        : error.message,
    );
  }
}

/** https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
async function serverSideApply(request: ResourceRequest, scope: Scope, body: Buffer): Promise<void> {
  const { info, registry, resource, caller } = request;
  const manager = info.query.get('fieldManager') ?? '';
  if (manager === '') {
    throw new ApiError(
      422,
      'Invalid',
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      {
        group: 'meta.k8s.io',
        kind: 'PatchOptions',
        causes: [
          {
            reason: 'FieldValueRequired',
            message: 'Required value: is required for apply patch',
            field: 'fieldManager',
          },
        ],
      },
    );
  }
  const applied = parseYaml(body);
  // Only to refuse what is no such object: what the client left out must stay out of what is applied.
  const target = targetOf(request);
  requireSameName(decodePatched(request, cloneJson(applied)), target);
  const existed = registry.find(target) !== undefined;
  const merge = (live: Working | undefined) => {
    const writer = {
      manager,
      apiVersion: resource.apiVersion,
      time: timestamp(registry.core.clock),
      subresource: scope === 'object' ? undefined : scope,
    };
    const typeName = typeNameOf(resource.apiVersion, resource.kind);
    const force = isTrue(info.query.get('force'));
    return decodePatched(
      { ...request, caller: { ...caller, warn: () => undefined } },
      applyTo({ ...writer, live, applied, force, typeName }),
    );
  };
  const result = await registry.update(target, merge, caller, {
    verb: 'apply',
    scope,
    managesFields: true,
    ...(scope === 'object' && { createMissing: () => merge(undefined) }),
  });
  await sendObject(request, existed ? 200 : 201, result as Working);
}

function applyTo(apply: ApplyRequest): JsonObject {
  try {
    return applyConfiguration(apply).object as unknown as JsonObject;
  } catch (error) {
    if (!(error instanceof ApplyConflict)) throw error;
    const causes = error.conflicts.map(({ manager, field }) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${manager}`,
      field,
    }));
    throw new ApiError(409, 'Conflict', error.message, { causes });
  }
}

function parseYaml(body: Buffer): JsonObject {
  const document = parseDocument(body.toString(), { uniqueKeys: false });
  const [error] = document.errors;
  if (error) throw badRequest(`error decoding YAML: ${error.message}`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch {
    throw badRequest('error decoding YAML: document contains excessive aliasing');
  }
  if (!isObject(value)) throw badRequest('error decoding YAML: an object is wanted');
  return value;
}
