import { createHash } from 'node:crypto';
import type { ResourceCatalogue } from '../../schema/resources.js';
import { acceptedDiscoveryVersion, aggregatedDiscovery, discoveryContentType } from './aggregated.js';
import { DerivedCache } from './derived-cache.js';
import { apiGroupDocument, apiGroupList, apiResourceList, apiVersions } from './group-documents.js';
import { HEALTH_CHECKS, healthText } from './health.js';
import { servedGroups } from './served-groups.js';

export interface DiscoveryContext {
  /** `host:port` as clients reach it. */
  serverAddress: string;
  /** With the v, e.g. `v1.36.2`. */
  kubernetesVersion: string;
}

export interface DiscoveryResponse {
  contentType: string;
  body: string;
  /** Quoted, as the `ETag` header wants it; for `If-None-Match`. */
  etag?: string;
}

const JSON_TYPE = 'application/json';
const responses = new DerivedCache<DiscoveryResponse>();

const json = (document: object): DiscoveryResponse => ({
  contentType: JSON_TYPE,
  body: JSON.stringify(document),
});

/** What `kubectl version` shows of the server: the Kubernetes version it behaves as, and what it truly runs on. */
function versionDocument(gitVersion: string) {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: `${Number(minor) - 1}`,
    gitVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: `node ${process.version}`,
    compiler: 'node',
    platform: 'linux/amd64',
  };
}

const OTHER_PATHS = [
  '/.well-known/openid-configuration',
  '/metrics',
  '/openapi/v2',
  '/openapi/v3',
  '/openid/v1/jwks',
  '/version',
];

function pathList(catalogue: ResourceCatalogue) {
  const groups = servedGroups(catalogue).flatMap(({ name, versions }) =>
    name === ''
      ? ['/api', ...versions.map(({ version }) => `/api/${version}`)]
      : [`/apis/${name}`, ...versions.map(({ apiVersion }) => `/apis/${apiVersion}`)],
  );
  const health = Object.entries(HEALTH_CHECKS).flatMap(([endpoint, checks]) => [
    `/${endpoint}`,
    ...checks.map((check) => `/${endpoint}/${check}`),
  ]);
  return { paths: [...groups, '/apis', ...health, ...OTHER_PATHS].sort() };
}

function aggregatedResponse(path: '/api' | '/apis', accept: string, catalogue: ResourceCatalogue) {
  const version = acceptedDiscoveryVersion(accept);
  if (!version) return undefined;
  return responses.get(catalogue, `${path} ${version}`, () => {
    const groups = servedGroups(catalogue).filter(({ name }) => (name === '') === (path === '/api'));
    const body = JSON.stringify(aggregatedDiscovery(groups, version));
    const etag = `"${createHash('sha512').update(body).digest('hex').toUpperCase()}"`;
    return { contentType: discoveryContentType(version), body, etag };
  });
}

/** `/apis/GROUP`, `/api/v1` and `/apis/GROUP/VERSION`. */
function groupResponse(path: string, catalogue: ResourceCatalogue): DiscoveryResponse | undefined {
  for (const group of servedGroups(catalogue)) {
    if (group.name !== '' && path === `/apis/${group.name}`) return json(apiGroupDocument(group));
    const prefix = group.name === '' ? '/api' : '/apis';
    const served = group.versions.find(({ apiVersion }) => path === `${prefix}/${apiVersion}`);
    if (served) return json(apiResourceList(served));
  }
  return undefined;
}

function indexResponse(path: '/api' | '/apis', catalogue: ResourceCatalogue, context: DiscoveryContext) {
  return path === '/api'
    ? json(apiVersions(servedGroups(catalogue)[0], context.serverAddress))
    : responses.get(catalogue, path, () => json(apiGroupList(servedGroups(catalogue))));
}

/**
 * Answers GET of everything that tells a client what the server is and serves: `/`, `/version`, the health endpoints,
 * `/api`, `/apis`, `/api/v1`, `/apis/GROUP` and `/apis/GROUP/VERSION`. `path` may carry a query string; `accept` is the
 * request's header, `''` when absent. Undefined: not a path of discovery, or a group or version that is not served (404).
 */
export function discoveryResponse(
  path: string,
  accept: string,
  catalogue: ResourceCatalogue,
  context: DiscoveryContext,
): DiscoveryResponse | undefined {
  const url = new URL(path, 'http://localhost');
  const pathname = url.pathname.length > 1 ? url.pathname.replace(/\/$/, '') : url.pathname;
  const health = healthText(pathname, url.searchParams.has('verbose'), url.searchParams.getAll('exclude'));
  if (health !== undefined) return { contentType: 'text/plain; charset=utf-8', body: health };
  switch (pathname) {
    case '/version':
      // Always written for people to read.
      return {
        contentType: JSON_TYPE,
        body: JSON.stringify(versionDocument(context.kubernetesVersion), null, 2),
      };
    case '/':
      return responses.get(catalogue, '/', () => json(pathList(catalogue)));
    case '/api':
    case '/apis':
      return aggregatedResponse(pathname, accept, catalogue) ?? indexResponse(pathname, catalogue, context);
    default:
      return responses.get(catalogue, pathname, () => groupResponse(pathname, catalogue));
  }
}
