import type { Node, Service } from '../../api/core-v1.generated.js';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/discovery-v1.generated.js';
import { timestamp } from '../../clock/clock.js';
import { equalJson } from '../../machinery/json.js';
import type { Draft } from '../../object.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { unlessGone } from '../shared/error-reason.js';
import { keyFor, splitKey } from '../shared/object-key.js';
import { controllerReference } from '../shared/owner-references.js';
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

const SERVICE_NAME = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const MANAGER = 'endpointslice-controller.k8s.io';

/** The default of kube-controller-manager's --max-endpoints-per-slice. */
const MAX_ENDPOINTS = 100;

/**
 * Keeps the EndpointSlices of each Service with a selector in step with its pods.
 * https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
 */
export function endpointSliceController({ client, clock }: ControllerContext): Controller {
  return {
    watches: [
      ...serviceWatches(),
      onChange<EndpointSlice>('endpointslices.discovery.k8s.io', ({ type, object }) => {
        const service = object.metadata.labels?.[SERVICE_NAME];
        const ours = object.metadata.labels?.[MANAGED_BY] === MANAGER;
        return type === 'DELETED' && ours && service !== undefined
          ? [keyFor(object.metadata.namespace, service)]
          : [];
      }),
    ],
    reconcile,
  };

  async function reconcile(key: string) {
    const { namespace, name } = splitKey(key);
    const service = client.get<Service>('services', namespace, name);
    if (!service || service.metadata.deletionTimestamp !== undefined) return undefined;
    if (!hasSelector(service) || service.spec?.type === 'ExternalName') return undefined;

    const existing = client
      .ownedBy<EndpointSlice>('endpointslices.discovery.k8s.io', service.metadata.uid)
      .filter((slice) => slice.metadata.labels?.[MANAGED_BY] === MANAGER);
    const wanted = wantedSlices(service);
    for (const slice of wanted) {
      const samePorts = existing.findIndex((candidate) =>
        equalJson(candidate.ports ?? [], slice.ports ?? []),
      );
      const [reusable] = samePorts >= 0 ? existing.splice(samePorts, 1) : existing.splice(0, 1);
      if (reusable) await rewrite(reusable, slice);
      else await client.create<EndpointSlice>('endpointslices.discovery.k8s.io', slice);
    }
    for (const slice of existing) {
      await unlessGone(client.delete('endpointslices.discovery.k8s.io', namespace, slice.metadata.name));
    }
    return undefined;
  }

  /** At least one slice, and one for every set of ports that the pods resolve to. */
  function wantedSlices(service: Service): Draft<EndpointSlice>[] {
    const groups = new Map<string, { ports: ResolvedPort[]; endpoints: PodEndpoint[] }>();
    for (const endpoint of podEndpoints(client, service)) {
      const ports = resolvePorts(service, endpoint.pod);
      const group = groups.get(JSON.stringify(ports)) ?? { ports, endpoints: [] };
      group.endpoints.push(endpoint);
      groups.set(JSON.stringify(ports), group);
    }
    const slices = [...groups.values()].flatMap(({ ports, endpoints }) =>
      chunks(endpoints, MAX_ENDPOINTS).map((some) => draft(service, some.map(endpointOf), ports)),
    );
    return slices.length > 0 ? slices : [draft(service, [], [])];
  }

  function draft(service: Service, endpoints: Endpoint[], ports: ResolvedPort[]): Draft<EndpointSlice> {
    const { [HEADLESS]: _, ...labels } = service.metadata.labels ?? {};
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        generateName: `${service.metadata.name}-`,
        namespace: service.metadata.namespace,
        labels: {
          ...labels,
          [SERVICE_NAME]: service.metadata.name,
          [MANAGED_BY]: MANAGER,
          ...(isHeadless(service) && { [HEADLESS]: '' }),
        },
        annotations: { [LAST_CHANGE]: timestamp(clock) },
        ownerReferences: [controllerReference(service)],
      },
      addressType: service.spec?.ipFamilies?.[0] === 'IPv6' ? 'IPv6' : 'IPv4',
      endpoints,
      ports: ports.map((port): EndpointPort => ({ ...port })),
    };
  }

  async function rewrite(slice: EndpointSlice, wanted: Draft<EndpointSlice>): Promise<void> {
    const same =
      equalJson(byAddress(slice.endpoints ?? []), byAddress(wanted.endpoints ?? [])) &&
      equalJson(slice.ports ?? [], wanted.ports ?? []) &&
      equalJson(slice.metadata.labels ?? {}, wanted.metadata.labels ?? {});
    if (same) return;
    const { labels, annotations } = wanted.metadata;
    await client.update<EndpointSlice>('endpointslices.discovery.k8s.io', {
      ...slice,
      metadata: { ...slice.metadata, labels, annotations },
      endpoints: wanted.endpoints,
      ports: wanted.ports,
    });
  }

  function endpointOf({ pod, address, ready, serving, terminating, hostname }: PodEndpoint): Endpoint {
    const { nodeName } = pod.spec;
    const zone = nodeName && zoneOf(nodeName);
    return {
      addresses: [address],
      conditions: { ready, serving, terminating },
      ...(hostname !== undefined && { hostname }),
      ...(nodeName && { nodeName }),
      targetRef: {
        kind: 'Pod',
        namespace: pod.metadata.namespace,
        name: pod.metadata.name,
        uid: pod.metadata.uid,
      },
      ...(zone && { zone }),
    };
  }

  function zoneOf(nodeName: string): string | undefined {
    const node = client.get<Node>('nodes', undefined, nodeName);
    return node?.metadata.labels?.['topology.kubernetes.io/zone'];
  }
}

function byAddress(endpoints: readonly Endpoint[]): Endpoint[] {
  return [...endpoints].sort((a, b) => ((a.addresses[0] ?? '') < (b.addresses[0] ?? '') ? -1 : 1));
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
