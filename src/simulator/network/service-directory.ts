import type { Service } from '../api/core-v1.generated.js';
import type { EndpointSlice } from '../api/discovery-v1.generated.js';
import type { Client } from '../client.js';

const CLUSTER_DOMAIN = 'cluster.local';
const HEADLESS = 'None';

/** Where a connection to a Service's address goes. */
export interface Backend {
  ip: string;
  port: number;
}

/** What kube-proxy and the cluster's DNS know: Services and their endpoints, read from the API server as they are now. */
export class ServiceDirectory {
  private turn = 0;

  constructor(
    private readonly client: Client,
    private readonly nodeIps: ReadonlySet<string>,
  ) {}

  /**
   * A ready endpoint when the address is a Service's (cluster IP, external address, or node port on a node), in turn;
   * `refused` for a Service without endpoints or without this port; undefined when the address is no Service's.
   */
  route(ip: string, port: number): Backend | 'refused' | undefined {
    for (const service of this.client.list<Service>('services')) {
      const byAddress = addressesOf(service).includes(ip);
      const byNodePort = this.nodeIps.has(ip) && service.spec?.ports?.some((each) => each.nodePort === port);
      if (!byAddress && !byNodePort) continue;
      const servicePort = service.spec?.ports?.find((each) =>
        byAddress ? each.port === port : each.nodePort === port,
      );
      if (!servicePort) return 'refused';
      const backends = this.backends(service, servicePort.name);
      return backends[this.turn++ % backends.length] ?? 'refused';
    }
    return undefined;
  }

  /** Looks a name up as a pod of `namespace` does, with the search domains of its resolv.conf. */
  resolve(name: string, namespace: string): { name: string; addresses: string[] } {
    const absolute = name.replace(/\.$/, '');
    const searched = [`${namespace}.svc.${CLUSTER_DOMAIN}`, `svc.${CLUSTER_DOMAIN}`, CLUSTER_DOMAIN];
    for (const candidate of [...searched.map((domain) => `${absolute}.${domain}`), absolute]) {
      const addresses = this.addressesOfName(candidate);
      if (addresses) return { name: candidate, addresses };
    }
    return { name: absolute, addresses: [] };
  }

  private addressesOfName(name: string): string[] | undefined {
    const suffix = `.svc.${CLUSTER_DOMAIN}`;
    if (!name.endsWith(suffix)) return undefined;
    const labels = name.slice(0, -suffix.length).split('.');
    const [namespace, serviceName, host] = labels.reverse();
    if (!namespace || !serviceName || labels.length > 3) return undefined;
    const service = this.client.get<Service>('services', namespace, serviceName);
    if (!service) return undefined;
    if (service.spec?.clusterIP !== HEADLESS)
      return host || !service.spec?.clusterIP ? undefined : [service.spec.clusterIP];
    const endpoints = this.slices(service).flatMap((slice) => slice.endpoints ?? []);
    const named = host
      ? endpoints.filter(
          (each) => each.hostname === host || each.addresses.includes(host.replaceAll('-', '.')),
        )
      : endpoints.filter((each) => each.conditions?.ready !== false);
    const addresses = named.flatMap((each) => each.addresses);
    return host && addresses.length === 0 ? undefined : addresses;
  }

  private backends(service: Service, portName: string | undefined): Backend[] {
    return this.slices(service).flatMap((slice) => {
      const port = slice.ports?.find((each) => (each.name ?? '') === (portName ?? ''))?.port;
      if (port === undefined) return [];
      return (slice.endpoints ?? [])
        .filter((endpoint) => endpoint.conditions?.ready !== false)
        .flatMap((endpoint) => endpoint.addresses.map((ip) => ({ ip, port })));
    });
  }

  private slices(service: Service): EndpointSlice[] {
    return this.client.list<EndpointSlice>('endpointslices.discovery.k8s.io', {
      namespace: service.metadata.namespace ?? 'default',
      matchLabels: { 'kubernetes.io/service-name': service.metadata.name },
    });
  }
}

function addressesOf(service: Service): string[] {
  const ingress = service.status?.loadBalancer?.ingress?.flatMap((each) => each.ip ?? []) ?? [];
  const clusterIps = service.spec?.clusterIPs ?? (service.spec?.clusterIP ? [service.spec.clusterIP] : []);
  return [...clusterIps, ...(service.spec?.externalIPs ?? []), ...ingress].filter((ip) => ip !== HEADLESS);
}
