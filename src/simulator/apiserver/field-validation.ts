import { ApiError, badRequest } from './api-error.js';

/** How strictly unknown and repeated fields are taken; https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** What a body should be. */
export interface Expected {
  apiVersion: string;
  kind: string;
}

/** Unless the client says otherwise. Throws 422 for a value that there is not. */
export function readFieldValidation(query: URLSearchParams): FieldValidation {
  const asked = query.get('fieldValidation') ?? '';
  if (asked === '' || asked === 'Warn') return 'Warn';
  if (asked === 'Strict' || asked === 'Ignore') return asked;
  throw new ApiError(
    422,
    'Invalid',
    `CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "${asked}": supported values: "", "Ignore", "Strict", "Warn"`,
    { group: 'meta.k8s.io', kind: 'CreateOptions' },
  );
}

/** 400 for a body in which fields were not understood, when these are taken strictly. */
export function strictDecodingError({ kind, apiVersion }: Expected, problems: readonly string[]): ApiError {
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
  return badRequest(
    `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${problems.join(', ')}`,
  );
}
