import type { EndpointAddress, EndpointSubset, Endpoints, Service } from '../../api/core-v1.generated.js';
import { timestamp } from '../../clock/clock.js';
import { equalJson } from '../../machinery/json.js';
import type { Controller, ControllerContext } from '../controller.js';
import { onChange } from '../controller.js';
import { unlessGone } from '../shared/error-reason.js';
import { keyOf, splitKey } from '../shared/object-key.js';
import {
  HEADLESS,
  isHeadless,
  LAST_CHANGE,
  type PodEndpoint,
  podEndpoints,
  type ResolvedPort,
  resolvePorts,
} from './endpoint-facts.js';
import { hasSelector, serviceWatches } from './service-watches.js';

const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';

/** Keeps the Endpoints object of each Service with a selector, the older form of EndpointSlices. */
export function endpointsController({ client, clock }: ControllerContext): Controller {
  return {
    watches: [
      ...serviceWatches(),
      onChange<Endpoints>('endpoints', ({ type, object }) => (type === 'DELETED' ? [keyOf(object)] : [])),
    ],
    reconcile,
  };

  async function reconcile(key: string) {
    const { namespace, name } = splitKey(key);
    const service = client.get<Service>('services', namespace, name);
    const existing = client.get<Endpoints>('endpoints', namespace, name);
    if (!service) {
      if (existing?.metadata.labels?.[MANAGED_BY])
        await unlessGone(client.delete('endpoints', namespace, name));
      return undefined;
    }
    if (!hasSelector(service) || service.spec?.type === 'ExternalName') return undefined;

    const subsets = subsetsOf(service, podEndpoints(client, service));
    const labels = {
      ...service.metadata.labels,
      [MANAGED_BY]: 'endpoint-controller',
      ...(isHeadless(service) && { [HEADLESS]: '' }),
    };
    const annotations = { ...existing?.metadata.annotations, [LAST_CHANGE]: timestamp(clock) };
    if (!existing) {
      await client.create<Endpoints>('endpoints', {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: { name, namespace, labels, annotations },
        ...(subsets.length > 0 && { subsets }),
      });
      return undefined;
    }
    const same =
      equalJson(existing.subsets ?? [], subsets) && equalJson(existing.metadata.labels ?? {}, labels);
    if (same) return undefined;
    const { subsets: _, ...rest } = existing;
    await client.update<Endpoints>('endpoints', {
      ...rest,
      metadata: { ...existing.metadata, labels, annotations },
      ...(subsets.length > 0 && { subsets }),
    });
    return undefined;
  }
}

/** One subset for each set of ports; in it the addresses that are ready and those that are not. */
function subsetsOf(service: Service, endpoints: PodEndpoint[]): EndpointSubset[] {
  const groups = new Map<string, { ports: ResolvedPort[]; ready: PodEndpoint[]; notReady: PodEndpoint[] }>();
  for (const endpoint of endpoints) {
    if (endpoint.terminating && !service.spec?.publishNotReadyAddresses) continue;
    const ports = resolvePorts(service, endpoint.pod);
    if (ports.length === 0 && !isHeadless(service)) continue;
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, ready: [], notReady: [] };
    (endpoint.ready ? group.ready : group.notReady).push(endpoint);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ ports, ready, notReady }) => ({
    ...(ready.length > 0 && { addresses: ready.map(addressOf).sort(byIp) }),
    ...(notReady.length > 0 && { notReadyAddresses: notReady.map(addressOf).sort(byIp) }),
    ...(ports.length > 0 && {
      ports: ports.map(({ name, ...port }) => ({ ...(name !== '' && { name }), ...port })),
    }),
  }));
}

function addressOf({ pod, address, hostname }: PodEndpoint): EndpointAddress {
  return {
    ip: address,
    ...(hostname !== undefined && { hostname }),
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata.namespace,
      name: pod.metadata.name,
      uid: pod.metadata.uid,
    },
  };
}

const byIp = (a: EndpointAddress, b: EndpointAddress) => (a.ip < b.ip ? -1 : 1);
