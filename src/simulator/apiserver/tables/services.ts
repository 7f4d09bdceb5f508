import type { Endpoints, Service, ServicePort } from '../../api/core-v1.generated.js';
import type { EndpointSlice } from '../../api/discovery-v1.generated.js';
import type {
  Ingress,
  IngressClass,
  IPAddress,
  NetworkPolicy,
  ServiceCIDR,
} from '../../api/networking-v1.generated.js';
import { age, type Cell, firstOf, formatLabels, formatSelector, NONE, UNSET } from './cell.js';

interface LoadBalancerIngress {
  ip?: string | undefined;
  hostname?: string | undefined;
}

function loadBalancerAddresses(ingress: readonly LoadBalancerIngress[] | undefined): string[] {
  const addresses = (ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
  return [...new Set(addresses.filter((address) => address !== ''))].sort();
}

function externalAddress({ spec, status }: Service): string {
  const assigned = spec.externalIPs ?? [];
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  if (spec.type !== 'LoadBalancer') return assigned.join(',') || NONE;
  return [...loadBalancerAddresses(status?.loadBalancer?.ingress), ...assigned].join(',') || '<pending>';
}

function formatPort({ port, nodePort, protocol }: ServicePort): string {
  return nodePort ? `${port}:${nodePort}/${protocol ?? 'TCP'}` : `${port}/${protocol ?? 'TCP'}`;
}

export function printService(service: Service, nowMs: number): Cell[] {
  const { metadata, spec } = service;
  return [
    metadata.name,
    spec.type ?? 'ClusterIP',
    spec.clusterIPs?.[0] ?? NONE,
    externalAddress(service),
    (spec.ports ?? []).map(formatPort).join(',') || NONE,
    age(service, nowMs),
    formatLabels(spec.selector),
  ];
}

const joinHostPort = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

export function printEndpoints(endpoints: Endpoints, nowMs: number): Cell[] {
  const addresses = (endpoints.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    // Headless services may have no ports.
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => joinHostPort(ip, port))),
  );
  const none = (endpoints.subsets ?? []).length === 0 ? NONE : '';
  return [endpoints.metadata.name, firstOf(addresses, none), age(endpoints, nowMs)];
}

export function printEndpointSlice(slice: EndpointSlice, nowMs: number): Cell[] {
  const ports = (slice.ports ?? []).map(({ port, name }) => (port === undefined ? (name ?? '*') : `${port}`));
  const addresses = (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses);
  return [
    slice.metadata.name,
    slice.addressType,
    firstOf(ports, UNSET),
    firstOf(addresses, UNSET),
    age(slice, nowMs),
  ];
}

const HOST_LIMIT = 3;

function ingressHosts({ spec }: Ingress): string {
  const rules = spec.rules ?? [];
  const named = rules.flatMap(({ host }) => (host ? [host] : []));
  const hosts = named.slice(0, HOST_LIMIT).join(',') || '*';
  return named.length >= HOST_LIMIT && rules.length > HOST_LIMIT
    ? `${hosts} + ${rules.length - HOST_LIMIT} more...`
    : hosts;
}

export function printIngress(ingress: Ingress, nowMs: number): Cell[] {
  return [
    ingress.metadata.name,
    ingress.spec.ingressClassName ?? NONE,
    ingressHosts(ingress),
    loadBalancerAddresses(ingress.status?.loadBalancer?.ingress).join(','),
    ingress.spec.tls?.length ? '80, 443' : '80',
    age(ingress, nowMs),
  ];
}

export function printIngressClass(ingressClass: IngressClass, nowMs: number): Cell[] {
  const { controller, parameters } = ingressClass.spec ?? {};
  const kind = parameters?.apiGroup ? `${parameters.kind}.${parameters.apiGroup}` : parameters?.kind;
  return [
    ingressClass.metadata.name,
    controller ?? '',
    parameters ? `${kind}/${parameters.name}` : NONE,
    age(ingressClass, nowMs),
  ];
}

export function printNetworkPolicy(policy: NetworkPolicy, nowMs: number): Cell[] {
  return [policy.metadata.name, formatSelector(policy.spec.podSelector), age(policy, nowMs)];
}

export function printServiceCidr(range: ServiceCIDR, nowMs: number): Cell[] {
  return [range.metadata.name, (range.spec?.cidrs ?? []).join(','), age(range, nowMs)];
}

export function printIpAddress({ metadata, spec }: IPAddress): Cell[] {
  const parent = spec?.parentRef;
  if (!parent) return [metadata.name, NONE];
  const resource = parent.group ? `${parent.resource}.${parent.group}` : parent.resource;
  const path = [resource?.toLowerCase(), parent.namespace, parent.name].filter((part) => part);
  return [metadata.name, path.join('/')];
}
