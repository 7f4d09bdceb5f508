import { randomUUID } from 'node:crypto';
import { timestamp } from '../../clock/clock.js';
import { cloneJson } from '../../machinery/json.js';
import type { KubernetesObject } from '../../object.js';
import type { Core } from '../core.js';
import type { BootstrapObject } from './bootstrap-object.js';
import { CLUSTER_OBJECTS } from './cluster-objects.js';
import { ROLE_OBJECTS } from './roles.js';

const ORIGIN = { user: 'system:apiserver', groups: ['system:masters'], verb: 'create' };

/** Puts in what every cluster has and this one has not. Straight into the store: the data is as it would be stored. */
export function bootstrap({ store, catalogue, clock }: Core): void {
  for (const object of [...CLUSTER_OBJECTS, ...ROLE_OBJECTS]) {
    const resource = catalogue.ofKind(object.apiVersion, object.kind);
    if (!resource || store.get(resource.name, object.metadata.namespace, object.metadata.name)) continue;
    store.commit({
      type: 'ADDED',
      resource: resource.name,
      object: complete(object, timestamp(clock)),
      origin: { ...ORIGIN, timeMs: clock.now() },
    });
  }
}

function complete(object: BootstrapObject, now: string): KubernetesObject {
  const copy = cloneJson(object);
  return {
    ...copy,
    metadata: { ...copy.metadata, uid: randomUUID(), creationTimestamp: now, resourceVersion: '' },
  };
}
