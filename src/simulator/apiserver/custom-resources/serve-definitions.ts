import type { CustomResourceDefinition } from '../../api/apiextensions-v1.generated.js';
import { cloneJson } from '../../machinery/json.js';
import type { KubernetesObject } from '../../object.js';
import type { ResourceCatalogue, ServedResource, Subresource } from '../../schema/resources.js';
import { systemCaller } from '../caller.js';
import type { Registry } from '../registry.js';
import { CLEANUP_FINALIZER } from '../strategies/custom-resource-definitions.js';
import type { Working } from '../strategies/strategy.js';

const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';
const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const PART_VERBS = ['get', 'patch', 'update'];
const CALLER = systemCaller('system:apiserver', ['system:masters']);

/** Keeps the catalogue in step with the stored definitions, and empties a resource whose definition is being deleted. */
export function serveDefinitions(registry: Registry): void {
  const { store, catalogue } = registry.core;
  for (const definition of store.list(DEFINITIONS)) serve(catalogue, definition);
  store.subscribe(DEFINITIONS, ({ type, object }) => {
    if (type === 'DELETED') {
      catalogue.remove(object.metadata.name);
      return;
    }
    serve(catalogue, object);
    if (object.metadata.deletionTimestamp !== undefined) void cleanUp(registry, object);
  });
}

function serve(catalogue: ResourceCatalogue, object: KubernetesObject): void {
  catalogue.remove(object.metadata.name);
  for (const resource of servedResources(object as unknown as CustomResourceDefinition))
    catalogue.add(resource);
}

function servedResources({ metadata, spec }: CustomResourceDefinition): ServedResource[] {
  const { group, names, scope } = spec;
  const {
    plural,
    kind,
    singular = kind.toLowerCase(),
    listKind = `${kind}List`,
    shortNames = [],
    categories = [],
  } = names;
  // The first is the preferred one: the most stable, the highest.
  const versions = spec.versions
    .filter(({ served }) => served)
    .sort((a, b) => compareVersions(b.name, a.name));
  return versions.map((definition) => {
    const subresources: Record<string, Subresource> = {};
    if (definition.subresources?.status)
      subresources['status'] = { kind, group: '', version: '', verbs: PART_VERBS };
    if (definition.subresources?.scale) {
      subresources['scale'] = { kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: PART_VERBS };
    }
    return {
      name: metadata.name,
      group,
      version: definition.name,
      apiVersion: `${group}/${definition.name}`,
      plural,
      singular,
      kind,
      listKind,
      namespaced: scope === 'Namespaced',
      verbs: VERBS,
      shortNames,
      categories,
      subresources,
      custom: true,
      definition,
    };
  });
}

/** `v2` before `v1` before `v2beta1` before `v1alpha1`, others by name; https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#version-priority */
function compareVersions(left: string, right: string): number {
  const [a, b] = [rank(left), rank(right)];
  for (let index = 0; index < 3; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left < right ? 1 : left > right ? -1 : 0;
}

function rank(version: string): number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return [0, 0, 0];
  const stability = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
  return [stability, Number(match[1]), Number(match[3] ?? 0)];
}

async function cleanUp(registry: Registry, definition: KubernetesObject): Promise<void> {
  const { name } = definition.metadata;
  const { core } = registry;
  const resource = core.catalogue.named(name);
  for (const { metadata } of resource ? core.store.list(name) : []) {
    if (!resource) break;
    const target = { resource, namespace: metadata.namespace, name: metadata.name };
    await registry.delete(target, { propagationPolicy: 'Background' }, CALLER).catch(() => undefined);
  }
  if (core.store.count(name) > 0) {
    // Finalizers hold some of them; the last one to go lets the definition go.
    const stop = core.store.subscribe(name, () => {
      if (core.store.count(name) > 0) return;
      stop();
      void letGo(registry, name);
    });
    return;
  }
  await letGo(registry, name);
}

async function letGo(registry: Registry, name: string): Promise<void> {
  const resource = registry.core.catalogue.named(DEFINITIONS);
  if (!resource) return;
  const change = (current: Working): Working => {
    const next = cloneJson(current);
    next.metadata.finalizers = (next.metadata.finalizers ?? []).filter((each) => each !== CLEANUP_FINALIZER);
    return next;
  };
  await registry.update({ resource, namespace: undefined, name }, change, CALLER).catch(() => undefined);
}
