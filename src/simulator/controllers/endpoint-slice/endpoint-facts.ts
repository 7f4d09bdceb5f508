import type { Pod, Service, ServicePort } from '../../api/core-v1.generated.js';
import type { Client } from '../../client.js';
import { isPodFinished, isPodReady } from '../shared/pod-state.js';

/** Annotation and label that Endpoints and EndpointSlices have in common. */
export const LAST_CHANGE = 'endpoints.kubernetes.io/last-change-trigger-time';
export const HEADLESS = 'service.kubernetes.io/headless';

/** A pod as an endpoint of a Service. */
export interface PodEndpoint {
  pod: Pod;
  address: string;
  ready: boolean;
  serving: boolean;
  terminating: boolean;
  /** Set when the pod's DNS name under the Service is its own. */
  hostname?: string;
}

/** A port that endpoints answer on, under its Service's port name. */
export interface ResolvedPort {
  name: string;
  port: number;
  protocol: 'TCP' | 'UDP' | 'SCTP';
  appProtocol?: string;
}

export function isHeadless(service: Service): boolean {
  return service.spec?.clusterIP === 'None';
}

/** The pods behind a Service that have an address. */
export function podEndpoints(client: Client, service: Service): PodEndpoint[] {
  const { namespace } = service.metadata;
  const matchLabels = service.spec?.selector ?? {};
  const publishNotReady = service.spec?.publishNotReadyAddresses ?? false;
  return client
    .list<Pod>('pods', { ...(namespace !== undefined && { namespace }), matchLabels })
    .flatMap((pod): PodEndpoint[] => {
      const address = pod.status?.podIP;
      if (!address || isPodFinished(pod)) return [];
      const terminating = pod.metadata.deletionTimestamp !== undefined;
      const serving = isPodReady(pod);
      const { hostname, subdomain } = pod.spec;
      const named = hostname !== undefined && subdomain === service.metadata.name;
      return [
        {
          pod,
          address,
          serving,
          terminating,
          ready: publishNotReady || (serving && !terminating),
          ...(named && { hostname }),
        },
      ];
    });
}

/** The Service's ports as this pod answers them; a named target port is looked up in its containers. */
export function resolvePorts(service: Service, pod: Pod): ResolvedPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort): ResolvedPort[] => {
    const protocol = servicePort.protocol ?? 'TCP';
    const port = targetPort(servicePort, protocol, pod);
    if (port === undefined) return [];
    const { name = '', appProtocol } = servicePort;
    return [{ name, port, protocol, ...(appProtocol !== undefined && { appProtocol }) }];
  });
}

function targetPort(servicePort: ServicePort, protocol: string, pod: Pod): number | undefined {
  const target = servicePort.targetPort ?? servicePort.port;
  if (typeof target === 'number') return target;
  const sidecars = (pod.spec.initContainers ?? []).filter(
    (container) => container.restartPolicy === 'Always',
  );
  for (const container of [...pod.spec.containers, ...sidecars]) {
    const named = container.ports?.find(
      (port) => port.name === target && (port.protocol ?? 'TCP') === protocol,
    );
    if (named) return named.containerPort;
  }
  return undefined;
}
