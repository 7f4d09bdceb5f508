import type { Pod, Service } from '../../api/core-v1.generated.js';
import { equalJson } from '../../machinery/json.js';
import { onChange, type Watch } from '../controller.js';
import { keyOf } from '../shared/object-key.js';
import { isPodReady } from '../shared/pod-state.js';

/** Enqueues each changed Service, and the Services that select a pod whose endpoint changed. */
export function serviceWatches(): Watch[] {
  return [
    onChange<Service>('services', ({ object }) => [keyOf(object)]),
    (client, enqueue) =>
      client.watch<Pod>('pods', ({ type, object, previous }) => {
        if (type === 'MODIFIED' && previous && sameEndpoint(previous, object)) return;
        const { namespace } = object.metadata;
        for (const service of client.list<Service>('services', {
          ...(namespace !== undefined && { namespace }),
        })) {
          if (selects(service, object) || (previous && selects(service, previous))) enqueue(keyOf(service));
        }
      }),
  ];
}

/** A Service without a selector selects nothing: its endpoints are someone else's. */
export function hasSelector(service: Service): boolean {
  return Object.keys(service.spec?.selector ?? {}).length > 0;
}

function selects(service: Service, pod: Pod): boolean {
  if (!hasSelector(service)) return false;
  const labels = pod.metadata.labels ?? {};
  return Object.entries(service.spec?.selector ?? {}).every(([key, value]) => labels[key] === value);
}

function sameEndpoint(before: Pod, now: Pod): boolean {
  return (
    before.status?.podIP === now.status?.podIP &&
    before.status?.phase === now.status?.phase &&
    before.spec.nodeName === now.spec.nodeName &&
    before.metadata.deletionTimestamp === now.metadata.deletionTimestamp &&
    isPodReady(before) === isPodReady(now) &&
    equalJson(before.metadata.labels ?? {}, now.metadata.labels ?? {})
  );
}
