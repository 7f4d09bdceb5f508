import type { KubernetesObject } from '../../object.js';
import type { ServedResource } from '../../schema/resources.js';
import { ApiError, badRequest, invalid } from '../api-error.js';
import type { Registry } from '../registry.js';
import type { ListMeta } from './render.js';
import { readSelection } from './selection.js';

/** Where a list that is read in parts goes on, and as of which revision it began. */
interface ContinueToken {
  v: 'meta.k8s.io/v1';
  rv: number;
  start: string;
}

export interface ListPage {
  objects: KubernetesObject[];
  meta: ListMeta;
}

/** Older pages would show a state that is not kept; a real API server forgets it after five minutes. */
const MAX_REVISIONS_BETWEEN_PAGES = 10_000;

/**
 * A list or one page of it; https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 * Throws 400 for what is malformed, 410 Expired for a token that is too old, 504 for a revision that is yet to come.
 */
export function readList(
  registry: Registry,
  resource: ServedResource,
  namespace: string | undefined,
  query: URLSearchParams,
): ListPage {
  const { revision } = registry.core.store;
  requireReachable(query, revision);
  const token = readToken(query, revision);
  const selection = readSelection(resource, query);
  const all = registry.list(resource, namespace);
  const rest = token ? all.filter((object) => keyOf(object) > token.start) : all;
  const chosen = selection.everything ? rest : rest.filter(selection.matches);
  const limit = readLimit(query);
  // Pages all carry the revision of the first: a watch that starts there misses nothing that came between them.
  const asOf = token?.rv ?? revision;
  const meta: ListMeta = { resourceVersion: String(asOf) };
  if (limit === 0 || chosen.length <= limit) return { objects: chosen, meta };
  const objects = chosen.slice(0, limit);
  const next: ContinueToken = {
    v: 'meta.k8s.io/v1',
    rv: asOf,
    start: keyOf(objects.at(-1) as KubernetesObject),
  };
  meta.continue = Buffer.from(JSON.stringify(next)).toString('base64url');
  if (selection.everything) meta.remainingItemCount = chosen.length - limit;
  return { objects, meta };
}

/** Sorts as the store lists: by namespace, then by name. NUL sorts before anything a name can hold. */
const keyOf = ({ metadata }: KubernetesObject) => `${metadata.namespace ?? ''}\u0000${metadata.name}`;

function readLimit(query: URLSearchParams): number {
  const text = query.get('limit') ?? '';
  if (text === '') return 0;
  const limit = Number(text);
  if (!/^[-+]?\d+$/.test(text) || !Number.isSafeInteger(limit)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Math.max(0, limit);
}

function readToken(query: URLSearchParams, revision: number): ContinueToken | undefined {
  const text = query.get('continue') ?? '';
  if (text === '') return undefined;
  if ((query.get('resourceVersion') ?? '') !== '') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  const token = parseToken(text);
  if (!token) throw badRequest('continue key is not valid: illegal base64 or unknown version');
  if (revision - token.rv > MAX_REVISIONS_BETWEEN_PAGES || token.rv > revision) {
    throw new ApiError(
      410,
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    );
  }
  return token;
}

function parseToken(text: string): ContinueToken | undefined {
  try {
    const token = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<ContinueToken>;
    const whole =
      token.v === 'meta.k8s.io/v1' && Number.isSafeInteger(token.rv) && typeof token.start === 'string';
    return whole ? (token as ContinueToken) : undefined;
  } catch {
    return undefined;
  }
}

/** Checks `resourceVersion` and `resourceVersionMatch`; https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list */
function requireReachable(query: URLSearchParams, revision: number): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const asked = readRevision(query);
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    throw refuseOptions(
      'resourceVersionMatch',
      `Unsupported value: "${match}": supported values: "Exact", "NotOlderThan", ""`,
    );
  }
  if (match !== '' && asked === undefined) {
    throw refuseOptions(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
  }
  if (match === 'Exact' && asked === 0) {
    throw refuseOptions(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    );
  }
  if (asked !== undefined && asked > revision) throw tooLargeVersion(asked, revision);
  if (match === 'Exact' && asked !== undefined && asked < revision) {
    throw new ApiError(410, 'Expired', `The resourceVersion for the provided list is too old.`);
  }
}

/** The revision that a query names; undefined when it names none. Throws 400 for what is no number. */
export function readRevision(query: URLSearchParams): number | undefined {
  const text = query.get('resourceVersion') ?? '';
  if (text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    throw refuseOptions(
      'resourceVersion',
      `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  return Number(text);
}

/** 422 about one of the options of a list or watch. */
export function refuseOptions(field: string, message: string): ApiError {
  const reason = message.startsWith('Forbidden') ? 'FieldValueForbidden' : 'FieldValueInvalid';
  return invalid('ListOptions', 'meta.k8s.io', '', [{ reason, message, field }]);
}

export function tooLargeVersion(asked: number, current: number): ApiError {
  return new ApiError(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: '' }],
    retryAfterSeconds: 1,
  });
}
