import type { Node, Pod } from '../../api/core-v1.generated.js';
import { ApiError } from '../../apiserver/api-error.js';
import type { Client } from '../../client.js';
import type { Draft, KubernetesObject, ResourceName } from '../../object.js';
import type { NodePlace } from '../node-object.js';
import { addonObjects, staticPods } from './objects.js';

/** Creates what every kind cluster has in kube-system; what is there already, from an earlier life, is left as it is. */
export async function createAddons(
  client: Client,
  places: readonly NodePlace[],
  version: string,
): Promise<void> {
  for (const place of places.filter(({ shape }) => shape.controlPlane)) {
    const node = client.get<Node>('nodes', undefined, place.shape.name);
    for (const pod of staticPods(place, version, node?.metadata.uid ?? ''))
      await createMissing<Pod>(client, 'pods', pod);
  }
  for (const { resource, object } of addonObjects(version)) await createMissing(client, resource, object);
}

async function createMissing<T extends KubernetesObject>(
  client: Client,
  resource: ResourceName,
  object: Draft<T>,
): Promise<void> {
  const { namespace, name } = object.metadata;
  if (client.get(resource, namespace, name ?? '')) return;
  try {
    await client.create<T>(resource, object);
  } catch (error) {
    // A cluster that is being closed, or that made the object itself in the meantime, needs no add-on.
    if (!(error instanceof ApiError)) throw error;
  }
}
