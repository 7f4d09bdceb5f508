import type { KubernetesObject } from '../object.js';

interface Sorted {
  objects: Map<string, KubernetesObject>;
  /** Names in order; made at the first list after a name came or went. */
  names: string[] | undefined;
}

const inOrder = (keys: Iterable<string>) => [...keys].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

/** The objects of one resource by namespace and name, with an index by owner. Cluster-scoped ones have namespace ''. */
export class ResourceTable {
  private readonly namespaces = new Map<string, Sorted>();
  private readonly byOwner = new Map<string, Set<KubernetesObject>>();
  private namespaceOrder: string[] | undefined;
  private size = 0;

  get(namespace: string, name: string): KubernetesObject | undefined {
    return this.namespaces.get(namespace)?.objects.get(name);
  }

  list(namespace?: string): KubernetesObject[] {
    if (namespace !== undefined) return this.listOne(namespace);
    this.namespaceOrder ??= inOrder(this.namespaces.keys());
    return this.namespaceOrder.flatMap((each) => this.listOne(each));
  }

  count(namespace?: string): number {
    return namespace === undefined ? this.size : (this.namespaces.get(namespace)?.objects.size ?? 0);
  }

  ownedBy(uid: string): KubernetesObject[] {
    return [...(this.byOwner.get(uid) ?? [])];
  }

  put(object: KubernetesObject): void {
    const { namespace = '', name } = object.metadata;
    const sorted = this.namespace(namespace);
    const previous = sorted.objects.get(name);
    if (previous) {
      this.disown(previous);
    } else {
      sorted.names = undefined;
      this.size++;
    }
    sorted.objects.set(name, object);
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      this.byOwner.set(uid, (this.byOwner.get(uid) ?? new Set()).add(object));
    }
  }

  delete(namespace: string, name: string): void {
    const sorted = this.namespaces.get(namespace);
    const object = sorted?.objects.get(name);
    if (!sorted || !object) return;
    sorted.objects.delete(name);
    sorted.names = undefined;
    this.size--;
    this.disown(object);
    if (sorted.objects.size > 0) return;
    this.namespaces.delete(namespace);
    this.namespaceOrder = undefined;
  }

  private listOne(namespace: string): KubernetesObject[] {
    const sorted = this.namespaces.get(namespace);
    if (!sorted) return [];
    const { objects } = sorted;
    sorted.names ??= inOrder(objects.keys());
    return sorted.names.map((name) => objects.get(name) as KubernetesObject);
  }

  private namespace(name: string): Sorted {
    const existing = this.namespaces.get(name);
    if (existing) return existing;
    const made: Sorted = { objects: new Map(), names: undefined };
    this.namespaces.set(name, made);
    this.namespaceOrder = undefined;
    return made;
  }

  private disown(object: KubernetesObject): void {
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const owned = this.byOwner.get(uid);
      owned?.delete(object);
      if (owned?.size === 0) this.byOwner.delete(uid);
    }
  }
}
