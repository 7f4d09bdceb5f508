import type { ResourceCatalogue, ServedResource } from '../../schema/resources.js';

export interface ServedVersion {
  version: string;
  /** `apps/v1`, or `v1` for the core group. */
  apiVersion: string;
  /** By plural. */
  resources: ServedResource[];
}

export interface ServedGroup {
  /** Empty for the core group. */
  name: string;
  /** The preferred one first. */
  versions: ServedVersion[];
}

const STABILITY = { alpha: 0, beta: 1, stable: 2 };

function parseVersion(version: string): [stability: number, major: number, minor: number] | undefined {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return undefined;
  const stability =
    match[2] === 'alpha' ? STABILITY.alpha : match[2] === 'beta' ? STABILITY.beta : STABILITY.stable;
  return [stability, Number(match[1]), Number(match[3] ?? 0)];
}

/**
 * Orders versions as Kubernetes prefers them: v10, v2, v1, v11beta2, v10beta3, v3beta1, v12alpha1, then the rest by
 * name; https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#version-priority
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : a > b ? 1 : 0;
  const difference = left.findIndex((part, index) => part !== right[index]);
  return difference < 0 ? 0 : (right[difference] ?? 0) - (left[difference] ?? 0);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

function versionsOf(resources: readonly ServedResource[]): ServedVersion[] {
  const byVersion = groupBy(resources, (resource) => resource.version);
  const versions = [...byVersion].map(([version, served]) => ({
    version,
    apiVersion: served[0]?.apiVersion ?? version,
    resources: served.sort((a, b) => (a.plural < b.plural ? -1 : 1)),
  }));
  return versions.sort((a, b) => compareVersions(a.version, b.version));
}

const isCustom = (resources: readonly ServedResource[]) => resources.every((resource) => resource.custom);

/** Every API group with its versions and resources: built-in groups in Kubernetes' own order, custom ones by name. */
export function servedGroups(catalogue: ResourceCatalogue): ServedGroup[] {
  const byGroup = [...groupBy(catalogue.all(), (resource) => resource.group)];
  const builtIn = byGroup.filter(([, resources]) => !isCustom(resources));
  const custom = byGroup.filter(([, resources]) => isCustom(resources));
  custom.sort(([a], [b]) => (a < b ? -1 : 1));
  return [...builtIn, ...custom].map(([name, resources]) => ({ name, versions: versionsOf(resources) }));
}
