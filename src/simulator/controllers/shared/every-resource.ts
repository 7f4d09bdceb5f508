import type { CustomResourceDefinition } from '../../api/apiextensions-v1.generated.js';
import type { Client } from '../../client.js';
import type { KubernetesObject, ResourceName, WatchEvent } from '../../object.js';
import { BUILT_IN_RESOURCES, groupOf, resourceName } from '../../schema/resources.js';

export interface StoredResource {
  name: ResourceName;
  group: string;
  kind: string;
  namespaced: boolean;
}

/** Events are served twice; they have no owners and go by themselves. */
const SERVED_TWICE = 'events.events.k8s.io';
const NEEDED_VERBS = ['list', 'watch', 'delete'];
const CRDS = 'customresourcedefinitions.apiextensions.k8s.io';

const builtIn: readonly StoredResource[] = [
  ...new Map(
    BUILT_IN_RESOURCES.filter(
      ({ name, verbs }) => name !== SERVED_TWICE && NEEDED_VERBS.every((verb) => verbs.includes(verb)),
    ).map(({ name, group, kind, namespaced }) => [name, { name, group, kind, namespaced }]),
  ).values(),
];

const builtInByKind = new Map(builtIn.map((resource) => [`${resource.group}/${resource.kind}`, resource]));

/** Everything that is stored and can be deleted: the built-in resources and those of established CRDs. */
export function everyResource(client: Client): StoredResource[] {
  return [...builtIn, ...client.list<CustomResourceDefinition>(CRDS).flatMap(customResource)];
}

/** What an owner reference's `apiVersion` and `kind` mean. */
export function resourceOfKind(client: Client, apiVersion: string, kind: string): StoredResource | undefined {
  const group = groupOf(apiVersion);
  const known = builtInByKind.get(`${group}/${kind}`);
  if (known) return known;
  return client
    .list<CustomResourceDefinition>(CRDS)
    .flatMap(customResource)
    .find((resource) => resource.group === group && resource.kind === kind);
}

/** Watches every resource, those of CRDs as they come and go. Returns a function that stops it. */
export function watchEveryResource(
  client: Client,
  listener: (resource: StoredResource, event: WatchEvent<KubernetesObject>) => void,
): () => void {
  const stops = new Map<ResourceName, () => void>();
  const start = (resource: StoredResource) => {
    if (stops.has(resource.name)) return;
    stops.set(
      resource.name,
      client.watch(resource.name, (event) => listener(resource, event)),
    );
  };
  for (const resource of builtIn) start(resource);
  stops.set(
    '',
    client.watch<CustomResourceDefinition>(CRDS, ({ type, object }) => {
      if (type === 'DELETED') {
        const name = resourceName(object.spec.names.plural, object.spec.group);
        stops.get(name)?.();
        stops.delete(name);
      } else {
        for (const resource of customResource(object)) start(resource);
      }
    }),
  );
  return () => {
    for (const stop of stops.values()) stop();
  };
}

function customResource({ spec, status }: CustomResourceDefinition): StoredResource[] {
  const established = status?.conditions?.some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );
  if (!established) return [];
  const { group, names, scope } = spec;
  return [
    {
      name: resourceName(names.plural, group),
      group,
      kind: names.kind,
      namespaced: scope === 'Namespaced',
    },
  ];
}
