import { readFileSync } from 'node:fs';
import type { CustomResourceDefinitionVersion } from '../api/apiextensions-v1.generated.js';
import type { ResourceName } from '../object.js';

export interface Subresource {
  kind: string;
  /** Empty: those of the parent. */
  group: string;
  version: string;
  verbs: string[];
}

/** One resource as one API version serves it, built in or custom. */
export interface ServedResource {
  /** `deployments.apps`; the same for every version. */
  name: ResourceName;
  /** Empty for the core group. */
  group: string;
  version: string;
  /** `apps/v1`, or `v1` for the core group. */
  apiVersion: string;
  plural: string;
  singular: string;
  kind: string;
  listKind: string;
  namespaced: boolean;
  verbs: string[];
  shortNames: string[];
  categories: string[];
  subresources: Record<string, Subresource>;
  /** Set on resources that a CustomResourceDefinition serves. */
  custom?: boolean;
  /** Of a custom resource: this version as its CustomResourceDefinition declares it (schema, printer columns, …). */
  definition?: CustomResourceDefinitionVersion;
}

interface ResourceData {
  kind: string;
  scope: 'Namespaced' | 'Cluster';
  singular: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
  subresources?: Record<string, Subresource>;
}

const data: Record<string, Record<string, ResourceData>> = JSON.parse(
  readFileSync(new URL('./data/resources.json', import.meta.url), 'utf8'),
);

export function resourceName(plural: string, group: string): ResourceName {
  return group === '' ? plural : `${plural}.${group}`;
}

export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/**
 * Every built-in resource that Kubernetes 1.36 serves with default settings (read off a running API server). A group
 * with several versions (autoscaling) has one entry a version; the first in this list is the preferred one.
 */
export const BUILT_IN_RESOURCES: readonly ServedResource[] = Object.entries(data).flatMap(
  ([apiVersion, resources]) =>
    Object.entries(resources).map(([plural, resource]) => {
      const group = groupOf(apiVersion);
      return {
        name: resourceName(plural, group),
        group,
        version: apiVersion.slice(group === '' ? 0 : group.length + 1),
        apiVersion,
        plural,
        singular: resource.singular,
        kind: resource.kind,
        listKind: `${resource.kind}List`,
        namespaced: resource.scope === 'Namespaced',
        verbs: resource.verbs,
        shortNames: resource.shortNames ?? [],
        categories: resource.categories ?? [],
        subresources: resource.subresources ?? {},
      };
    }),
);

/** What one cluster serves now: the built-in resources and those of its CustomResourceDefinitions. */
export class ResourceCatalogue {
  private readonly byPath = new Map<string, ServedResource>();
  private readonly byKind = new Map<string, ServedResource>();
  private readonly byName = new Map<ResourceName, ServedResource>();

  /** Grows by one with every change, so that whatever is derived from the catalogue knows when to be made again. */
  generation = 0;

  constructor() {
    for (const resource of BUILT_IN_RESOURCES) this.add(resource);
  }

  all(): ServedResource[] {
    return [...this.byPath.values()];
  }

  /** By the parts of a request's path: `find('apps/v1', 'deployments')`. */
  find(apiVersion: string, plural: string): ServedResource | undefined {
    return this.byPath.get(`${apiVersion}/${plural}`);
  }

  ofKind(apiVersion: string, kind: string): ServedResource | undefined {
    return this.byKind.get(`${apiVersion}/${kind}`);
  }

  /** In its preferred version. */
  named(name: ResourceName): ServedResource | undefined {
    return this.byName.get(name);
  }

  add(resource: ServedResource): void {
    this.byPath.set(`${resource.apiVersion}/${resource.plural}`, resource);
    this.byKind.set(`${resource.apiVersion}/${resource.kind}`, resource);
    if (!this.byName.has(resource.name)) this.byName.set(resource.name, resource);
    this.generation++;
  }

  /** Takes a custom resource out, all its versions. */
  remove(name: ResourceName): void {
    for (const [path, resource] of this.byPath) {
      if (resource.name !== name) continue;
      this.byPath.delete(path);
      this.byKind.delete(`${resource.apiVersion}/${resource.kind}`);
    }
    this.byName.delete(name);
    this.generation++;
  }
}
