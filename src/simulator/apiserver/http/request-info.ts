/** What a request asks for, read off its method and URL; https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb */
export interface RequestInfo {
  method: string;
  /** Decoded, without the query. */
  path: string;
  query: URLSearchParams;
  /** `get`, `list`, `watch`, `create`, …; for what is no resource the method in lower case. */
  verb: string;
  /** Undefined for paths such as `/healthz` and `/apis/apps/v1`. */
  resource?: ResourcePath;
}

export interface ResourcePath {
  group: string;
  version: string;
  /** `apps/v1`, or `v1`. */
  apiVersion: string;
  namespace: string | undefined;
  plural: string;
  name: string | undefined;
  subresource: string | undefined;
  /** What follows the subresource, as in `…/proxy/some/path`. */
  rest: string;
}

const VERBS: Record<string, string> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
const NO_QUERY = new URLSearchParams();
/** Subresources of a namespace; anything else after its name is a resource in it. */
const OF_NAMESPACES = new Set(['status', 'finalize']);

/** Undefined when the URL is not well formed. */
export function parseRequest(method: string, url: string): RequestInfo | undefined {
  const queryAt = url.indexOf('?');
  const path = decodePath(queryAt < 0 ? url : url.slice(0, queryAt));
  if (path === undefined) return undefined;
  const query = queryAt < 0 ? NO_QUERY : new URLSearchParams(url.slice(queryAt + 1));
  const info: RequestInfo = { method, path, query, verb: method.toLowerCase() };
  const parsed = parseResource(path);
  if (!parsed) return info;
  const { watched, ...resource } = parsed;
  return { ...info, resource, verb: verbOf(method, resource, query, watched) };
}

function decodePath(path: string): string | undefined {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function parseResource(path: string): (ResourcePath & { watched: boolean }) | undefined {
  const segments = path.split('/').filter((segment) => segment !== '');
  const prefix = segments.shift();
  let group = '';
  if (prefix === 'apis') group = segments.shift() ?? '';
  else if (prefix !== 'api') return undefined;
  const version = segments.shift();
  // The old way to watch: /api/v1/watch/pods.
  const watched = segments[0] === 'watch';
  if (watched) segments.shift();
  if (version === undefined || segments.length === 0) return undefined;
  let namespace: string | undefined;
  if (segments[0] === 'namespaces' && segments.length > 2 && !OF_NAMESPACES.has(segments[2] ?? '')) {
    namespace = segments[1];
    segments.splice(0, 2);
  }
  const [plural = '', name, subresource, ...rest] = segments;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  return { group, version, apiVersion, namespace, plural, name, subresource, rest: rest.join('/'), watched };
}

function verbOf(method: string, { name }: ResourcePath, query: URLSearchParams, watched: boolean): string {
  const verb = VERBS[method] ?? method.toLowerCase();
  if (verb === 'get' && (watched || isTrue(query.get('watch')))) return 'watch';
  if (name !== undefined) return verb;
  if (verb === 'get') return 'list';
  return verb === 'delete' ? 'deletecollection' : verb;
}

/** Booleans of queries, as the API server reads them: present and not `false` or `0`. */
export function isTrue(value: string | null): boolean {
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}
