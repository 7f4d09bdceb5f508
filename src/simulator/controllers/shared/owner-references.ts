import type { OwnerReference } from '../../api/meta-v1.generated.js';
import type { KubernetesObject } from '../../object.js';

/** The reference to the one owner that controls the object. */
export function controllerOf(object: { metadata: KubernetesObject['metadata'] }): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller);
}

export function isControlledBy(object: KubernetesObject, owner: KubernetesObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

/** The reference by which `owner` controls an object that it makes. */
export function controllerReference(owner: KubernetesObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The name of the controller of this kind, of the group of `apiVersion`, that owns the object. */
export function controllerNamed(object: KubernetesObject, kind: string, group: string): string | undefined {
  const owner = controllerOf(object);
  if (owner?.kind !== kind) return undefined;
  const slash = owner.apiVersion.indexOf('/');
  return (slash < 0 ? '' : owner.apiVersion.slice(0, slash)) === group ? owner.name : undefined;
}
