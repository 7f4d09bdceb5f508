import type { ServedResource, Subresource } from '../../schema/resources.js';
import type { ServedGroup, ServedVersion } from './served-groups.js';

const groupVersion = ({ apiVersion, version }: ServedVersion) => ({ groupVersion: apiVersion, version });

function apiGroup({ name, versions }: ServedGroup) {
  const [preferred] = versions;
  return {
    name,
    versions: versions.map(groupVersion),
    ...(preferred && { preferredVersion: groupVersion(preferred) }),
  };
}

/** `/api`: the versions of the core group. */
export function apiVersions(core: ServedGroup | undefined, serverAddress: string) {
  return {
    kind: 'APIVersions',
    versions: core?.versions.map(({ version }) => version) ?? [],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** `/apis`: every other group. */
export function apiGroupList(groups: readonly ServedGroup[]) {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.filter(({ name }) => name !== '').map(apiGroup),
  };
}

/** `/apis/GROUP`. */
export function apiGroupDocument(group: ServedGroup) {
  return { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group) };
}

function apiResource(resource: ServedResource) {
  return {
    name: resource.plural,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: resource.verbs,
    ...(resource.shortNames.length > 0 && { shortNames: resource.shortNames }),
    ...(resource.categories.length > 0 && { categories: resource.categories }),
  };
}

function apiSubresource(
  resource: ServedResource,
  name: string,
  { kind, group, version, verbs }: Subresource,
) {
  return {
    name: `${resource.plural}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...(version !== '' && { group, version }),
    kind,
    verbs,
  };
}

/** `/api/v1` and `/apis/GROUP/VERSION`. */
export function apiResourceList({ apiVersion, resources }: ServedVersion) {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersion,
    resources: resources.flatMap((resource) => [
      apiResource(resource),
      ...Object.entries(resource.subresources).map(([name, each]) => apiSubresource(resource, name, each)),
    ]),
  };
}
