import type { OwnerReference } from '../../api/meta-v1.generated.js';
import type { Client } from '../../client.js';
import type { KubernetesObject, WatchEvent } from '../../object.js';
import { groupOf } from '../../schema/resources.js';
import type { Controller, ControllerContext, Enqueue } from '../controller.js';
import { unlessGone } from '../shared/error-reason.js';
import {
  everyResource,
  resourceOfKind,
  type StoredResource,
  watchEveryResource,
} from '../shared/every-resource.js';

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

type OwnerState = 'present' | 'absent' | 'waiting';

interface Dependent {
  resource: StoredResource;
  object: KubernetesObject;
}

/**
 * Deletes what its owners leave behind, and serves the deletion policies of owners: foreground (dependents first) and
 * orphan (dependents are let go). https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 */
export function garbageCollector({ client }: ControllerContext): Controller {
  return {
    watches: [
      (_client, enqueue) =>
        watchEveryResource(client, (resource, event) => noticed(client, resource, event, enqueue)),
    ],
    reconcile,
    concurrency: 20,
  };

  async function reconcile(key: string) {
    const found = find(client, key);
    if (!found) return undefined;
    const { resource, object } = found;
    const { finalizers = [], deletionTimestamp } = object.metadata;
    if (deletionTimestamp !== undefined && finalizers.includes(ORPHAN))
      return orphanDependents(resource, object);
    if (deletionTimestamp !== undefined && finalizers.includes(FOREGROUND)) {
      return deleteInForeground(resource, object);
    }
    if (deletionTimestamp === undefined) return collectUnlessOwned(resource, object);
    return undefined;
  }

  async function collectUnlessOwned(resource: StoredResource, object: KubernetesObject) {
    const { ownerReferences = [], namespace, name, uid, resourceVersion, finalizers = [] } = object.metadata;
    if (ownerReferences.length === 0) return undefined;
    const states = ownerReferences.map((reference) => ownerState(client, object, reference));
    if (states.includes('present')) {
      if (states.every((state) => state === 'present')) return undefined;
      const kept = ownerReferences.filter((_, index) => states[index] === 'present');
      await unlessGone(
        client.mergePatch(resource.name, namespace, name, {
          metadata: { uid, resourceVersion, ownerReferences: kept },
        }),
      );
      return undefined;
    }
    const waitedFor = states.includes('waiting') && dependentsOf(client, object).length > 0;
    const propagationPolicy = waitedFor || finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background';
    await unlessGone(
      client.delete(resource.name, namespace, name, {
        uid,
        resourceVersion,
        propagationPolicy: finalizers.includes(ORPHAN) && !waitedFor ? 'Orphan' : propagationPolicy,
      }),
    );
    return undefined;
  }

  /** The owner goes when no dependent is left that blocks it; they were enqueued when its deletion was noticed. */
  async function deleteInForeground(resource: StoredResource, owner: KubernetesObject) {
    const blocking = dependentsOf(client, owner).filter(({ object }) =>
      object.metadata.ownerReferences?.some(
        ({ uid, blockOwnerDeletion }) => uid === owner.metadata.uid && blockOwnerDeletion,
      ),
    );
    if (blocking.length === 0) await removeFinalizer(client, resource, owner, FOREGROUND);
    return undefined;
  }

  async function orphanDependents(resource: StoredResource, owner: KubernetesObject) {
    await Promise.all(
      dependentsOf(client, owner).map(({ resource: { name: dependents }, object }) => {
        const { namespace, name, uid, resourceVersion, ownerReferences = [] } = object.metadata;
        const others = ownerReferences.filter((reference) => reference.uid !== owner.metadata.uid);
        return unlessGone(
          client.mergePatch(dependents, namespace, name, {
            metadata: { uid, resourceVersion, ownerReferences: others },
          }),
        );
      }),
    );
    await removeFinalizer(client, resource, owner, ORPHAN);
    return undefined;
  }
}

/** Enqueues what a change may have made garbage, and owners whose deletion waits for their dependents. */
function noticed(
  client: Client,
  resource: StoredResource,
  { type, object, previous }: WatchEvent,
  enqueue: Enqueue,
): void {
  const { metadata } = object;
  if (type === 'DELETED') {
    for (const dependent of dependentsOf(client, object))
      enqueue(keyOf(dependent.resource, dependent.object));
    for (const reference of metadata.ownerReferences ?? []) {
      if (reference.blockOwnerDeletion) enqueueOwner(client, object, reference, enqueue);
    }
    return;
  }
  const ownersChanged = metadata.ownerReferences && !sameOwners(metadata.ownerReferences, previous);
  if (ownersChanged) enqueue(keyOf(resource, object));
  const begins =
    metadata.deletionTimestamp !== undefined && previous?.metadata.deletionTimestamp === undefined;
  if (!begins) return;
  enqueue(keyOf(resource, object));
  if (!metadata.finalizers?.includes(FOREGROUND)) return;
  for (const dependent of dependentsOf(client, object)) enqueue(keyOf(dependent.resource, dependent.object));
}

function sameOwners(references: OwnerReference[], previous: KubernetesObject | undefined): boolean {
  const before = previous?.metadata.ownerReferences;
  if (before === references) return true;
  return (
    before?.length === references.length && before.every(({ uid }, index) => uid === references[index]?.uid)
  );
}

/** `resource/namespace/name/uid`: names are used again, and the next object of the name is not this one. */
function keyOf(
  resource: StoredResource,
  { metadata: { namespace = '', name, uid } }: KubernetesObject,
): string {
  return `${resource.name}/${namespace}/${name}/${uid}`;
}

function find(client: Client, key: string): Dependent | undefined {
  const [resourceName = '', namespace = '', name = '', uid] = key.split('/');
  const resource = everyResource(client).find((candidate) => candidate.name === resourceName);
  const object = resource && client.get(resource.name, namespace === '' ? undefined : namespace, name);
  return object && object.metadata.uid === uid ? { resource, object } : undefined;
}

function dependentsOf(client: Client, owner: KubernetesObject): Dependent[] {
  return everyResource(client).flatMap((resource) =>
    client.ownedBy(resource.name, owner.metadata.uid).map((object) => ({ resource, object })),
  );
}

function ownerState(client: Client, dependent: KubernetesObject, reference: OwnerReference): OwnerState {
  const owner = findOwner(client, dependent, reference);
  if (owner === 'unknown') return 'present';
  if (!owner) return 'absent';
  const { deletionTimestamp, finalizers = [] } = owner.metadata;
  return deletionTimestamp !== undefined && finalizers.includes(FOREGROUND) ? 'waiting' : 'present';
}

/** An owner of a kind that nobody serves is left alone: it may come back with its definition. */
function findOwner(
  client: Client,
  dependent: KubernetesObject,
  { apiVersion, kind, name, uid }: OwnerReference,
): KubernetesObject | undefined | 'unknown' {
  const resource = resourceOfKind(client, apiVersion, kind);
  if (!resource) return groupOf(apiVersion) === '' ? undefined : 'unknown';
  const owner = client.get(
    resource.name,
    resource.namespaced ? dependent.metadata.namespace : undefined,
    name,
  );
  return owner?.metadata.uid === uid ? owner : undefined;
}

function enqueueOwner(
  client: Client,
  dependent: KubernetesObject,
  reference: OwnerReference,
  enqueue: Enqueue,
): void {
  const owner = findOwner(client, dependent, reference);
  const resource = resourceOfKind(client, reference.apiVersion, reference.kind);
  if (!owner || owner === 'unknown' || !resource) return;
  if (owner.metadata.deletionTimestamp !== undefined && owner.metadata.finalizers?.includes(FOREGROUND)) {
    enqueue(keyOf(resource, owner));
  }
}

async function removeFinalizer(
  client: Client,
  resource: StoredResource,
  { metadata: { namespace, name, uid, resourceVersion, finalizers = [] } }: KubernetesObject,
  finalizer: string,
): Promise<void> {
  await unlessGone(
    client.mergePatch(resource.name, namespace, name, {
      metadata: { uid, resourceVersion, finalizers: finalizers.filter((other) => other !== finalizer) },
    }),
  );
}
