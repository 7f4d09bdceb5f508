import type { Client } from '../../client.js';
import type { KubernetesObject, ResourceName } from '../../object.js';
import { controllerOf } from './owner-references.js';

/**
 * The objects that no controller owns. Controllers adopt those that their selectors match; knowing them spares a look at
 * every object of the namespace at every reconcile.
 */
export class OrphanIndex {
  private readonly byNamespace = new Map<string, Set<string>>();
  private readonly stops: Array<() => void>;

  constructor(
    private readonly client: Client,
    resources: ResourceName[],
  ) {
    this.stops = resources.map((resource) =>
      client.watch(resource, ({ type, object }) => {
        const names = this.namesIn(resource, object.metadata.namespace);
        if (type === 'DELETED' || controllerOf(object)) names.delete(object.metadata.name);
        else names.add(object.metadata.name);
      }),
    );
  }

  in<T extends KubernetesObject>(resource: ResourceName, namespace: string | undefined): T[] {
    return [...this.namesIn(resource, namespace)].flatMap(
      (name) => this.client.get<T>(resource, namespace, name) ?? [],
    );
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  private namesIn(resource: ResourceName, namespace = ''): Set<string> {
    const key = `${resource}/${namespace}`;
    const known = this.byNamespace.get(key);
    if (known) return known;
    const names = new Set<string>();
    this.byNamespace.set(key, names);
    return names;
  }
}
