import type { ServedResource, Subresource } from '../../schema/resources.js';
import type { ServedGroup, ServedVersion } from './served-groups.js';

/** The versions of apidiscovery.k8s.io that clients ask for; v2beta1 by kubectl 1.26 to 1.29. */
export type DiscoveryVersion = 'v2' | 'v2beta1';

function subresourceDiscovery(resource: ServedResource, [name, subresource]: [string, Subresource]) {
  const { group, version, kind, verbs } = subresource;
  const own = version === '';
  return {
    subresource: name,
    responseKind: {
      group: own ? resource.group : group,
      version: own ? resource.version : version,
      kind,
    },
    verbs,
  };
}

function resourceDiscovery(resource: ServedResource) {
  const subresources = Object.entries(resource.subresources);
  return {
    resource: resource.plural,
    responseKind: { group: resource.group, version: resource.version, kind: resource.kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames.length > 0 && { shortNames: resource.shortNames }),
    ...(resource.categories.length > 0 && { categories: resource.categories }),
    ...(subresources.length > 0 && {
      subresources: subresources.map((each) => subresourceDiscovery(resource, each)),
    }),
  };
}

const versionDiscovery = ({ version, resources }: ServedVersion) => ({
  version,
  resources: resources.map(resourceDiscovery),
  freshness: 'Current',
});

/**
 * All of discovery in one answer, of the core group at `/api` and of the others at `/apis`;
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
 */
export function aggregatedDiscovery(groups: readonly ServedGroup[], discoveryVersion: DiscoveryVersion) {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${discoveryVersion}`,
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: name === '' ? { creationTimestamp: null } : { name, creationTimestamp: null },
      versions: versions.map(versionDiscovery),
    })),
  };
}

/** The version of aggregated discovery that an `Accept` header asks for first; undefined: the plain documents. */
export function acceptedDiscoveryVersion(accept: string): DiscoveryVersion | undefined {
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
    if (!parameters.includes('as=APIGroupDiscoveryList')) return undefined;
    if (!parameters.includes('g=apidiscovery.k8s.io')) continue;
    if (parameters.includes('v=v2')) return 'v2';
    if (parameters.includes('v=v2beta1')) return 'v2beta1';
  }
  return undefined;
}

export function discoveryContentType(version: DiscoveryVersion): string {
  return `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
}
