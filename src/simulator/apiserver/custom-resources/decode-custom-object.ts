import type { JsonObject } from '../../machinery/json.js';
import type { ServedResource } from '../../schema/resources.js';
import { type FieldValidation, strictDecodingError } from '../field-validation.js';
import { fillDefaults, pruneUnknown, type StructuralSchema } from './structural-schema.js';

export function schemaOf({ definition }: ServedResource): StructuralSchema | undefined {
  return definition?.schema?.openAPIV3Schema as StructuralSchema | undefined;
}

/** Prunes and defaults a custom object in place, as its definition's schema says. Throws 400 when fields are taken strictly. */
export function decodeCustomObject(
  object: JsonObject,
  resource: ServedResource,
  validation: FieldValidation,
  warn: (message: string) => void,
): JsonObject {
  const schema = schemaOf(resource);
  if (!schema) return object;
  const problems = pruneUnknown(object, schema).map((path) => `unknown field "${path}"`);
  if (problems.length > 0 && validation === 'Strict') throw strictDecodingError(resource, problems);
  if (validation === 'Warn') for (const problem of problems) warn(problem);
  fillDefaults(object, schema);
  return object;
}
