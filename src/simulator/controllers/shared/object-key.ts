import type { KubernetesObject } from '../../object.js';

/** The name of an object in a work queue: `namespace/name`, `/name` for a cluster-scoped one. */
export function keyOf(object: KubernetesObject): string {
  return keyFor(object.metadata.namespace, object.metadata.name);
}

export function keyFor(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

export function splitKey(key: string): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/');
  return { namespace: slash === 0 ? undefined : key.slice(0, slash), name: key.slice(slash + 1) };
}
