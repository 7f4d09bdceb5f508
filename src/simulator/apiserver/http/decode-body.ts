import type { JsonObject } from '../../machinery/json.js';
import { DecodeError, decodeJson } from '../../schema/decode-json.js';
import { decodeProtobuf } from '../../schema/decode-protobuf.js';
import { decodeYaml } from '../../schema/decode-yaml.js';
import type { ServedResource } from '../../schema/resources.js';
import { typeNameOf } from '../../schema/types.js';
import { ApiError, badRequest } from '../api-error.js';
import { decodeCustomObject } from '../custom-resources/decode-custom-object.js';
import { type Expected, type FieldValidation, strictDecodingError } from '../field-validation.js';
import type { Working } from '../strategies/strategy.js';

const ACCEPTED = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';

export function unsupportedMediaType(accepted = ACCEPTED): ApiError {
  return new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );
}

/** What a body turned into, and what in it was not understood. */
interface Read {
  value: JsonObject;
  unknownFields: string[];
  duplicateFields: string[];
}

/** Decodes a body as an object of the expected type. Throws 400 and 415 in the API server's words. */
export function decodeBody(
  body: Buffer,
  contentType: string | undefined,
  expected: Expected,
  validation: FieldValidation,
  warn: (message: string) => void,
): JsonObject {
  const { apiVersion, kind } = expected;
  try {
    const read = readBytes(body, contentType, expected, validation);
    requireExpected(read.value, expected);
    reportFields(read, expected, validation, warn);
    return read.value;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
    throw badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${error.message}`);
  }
}

/** The same as the object of a served resource, with `metadata` present. */
export function decodeObject(
  body: Buffer,
  contentType: string | undefined,
  resource: ServedResource,
  validation: FieldValidation,
  warn: (message: string) => void,
): Working {
  const value = decodeBody(body, contentType, resource, validation, warn);
  const object = resource.custom ? decodeCustomObject(value, resource, validation, warn) : value;
  object['metadata'] ??= {};
  return object as Working;
}

function readBytes(
  body: Buffer,
  contentType: string | undefined,
  { apiVersion, kind }: Expected,
  validation: FieldValidation,
): Read {
  const media = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  const typeName = typeNameOf(apiVersion, kind);
  if (media === 'application/vnd.kubernetes.protobuf') {
    const decoded = decodeProtobuf(body);
    const value: JsonObject = { ...decoded.value, apiVersion: decoded.apiVersion, kind: decoded.kind };
    return { value, unknownFields: [], duplicateFields: [] };
  }
  if (media === 'application/yaml') return decodeYaml(body.toString(), typeName);
  if (media === 'application/json' || media === undefined || media === '') {
    return decodeJson(body.toString(), typeName, { findDuplicates: validation !== 'Ignore' });
  }
  throw unsupportedMediaType();
}

/** A body may leave its kind out, but not name another. */
function requireExpected(value: JsonObject, { apiVersion, kind }: Expected): void {
  const { apiVersion: version = apiVersion, kind: named = kind } = value as Partial<Expected>;
  if (named !== kind) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: unexpected kind ${JSON.stringify(named)}`,
    );
  }
  if (version !== apiVersion) {
    throw badRequest(
      `the API version in the data (${version}) does not match the expected API version (${apiVersion})`,
    );
  }
  value['apiVersion'] = apiVersion;
  value['kind'] = kind;
}

function reportFields(
  { unknownFields, duplicateFields }: Read,
  { kind, apiVersion }: Expected,
  validation: FieldValidation,
  warn: (message: string) => void,
): void {
  if (validation === 'Ignore') return;
  const problems = [
    ...unknownFields.map((field) => `unknown field "${field}"`),
    ...duplicateFields.map((field) => `duplicate field "${field}"`),
  ];
  if (problems.length === 0) return;
  if (validation === 'Strict') throw strictDecodingError({ kind, apiVersion }, problems);
  for (const problem of problems) warn(problem);
}
