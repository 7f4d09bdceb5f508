import type { Service, ServicePort, ServiceSpec } from '../../api/core-v1.generated.js';
import { ApiError, invalid } from '../api-error.js';
import type { Core } from '../core.js';
import { type AddressAllocator, FIRST_NODE_PORT, LAST_NODE_PORT } from './address-allocator.js';
import type { Strategy, Working } from './strategy.js';

const asService = (object: Working) => object as unknown as Service;
const HEADLESS = 'None';

/** What a write took before it was known to succeed; given back when it does not. */
class Taken {
  private readonly addresses: string[] = [];
  private readonly ports: number[] = [];

  constructor(
    private readonly name: string,
    private readonly allocator: AddressAllocator,
  ) {}

  clusterIp(asked: string | undefined): string {
    const { allocator } = this;
    if (asked && !allocator.isServiceAddress(asked)) {
      throw this.refuse(
        'spec.clusterIPs',
        `Invalid value: ["${asked}"]`,
        'failed to allocate IP ' + asked + ': the provided network does not match the current range',
      );
    }
    const address = asked ? (allocator.claimClusterIp(asked) ? asked : undefined) : allocator.takeClusterIp();
    if (address === undefined) {
      throw this.refuse(
        'spec.clusterIPs',
        `Invalid value: ["${asked}"]`,
        `failed to allocate IP ${asked}: provided IP is already allocated`,
      );
    }
    this.addresses.push(address);
    return address;
  }

  nodePort(asked: number | undefined, index: number): number {
    const { allocator } = this;
    const field = `spec.ports[${index}].nodePort`;
    if (asked && (asked < FIRST_NODE_PORT || asked > LAST_NODE_PORT)) {
      const why = `provided port is not in the valid range. The range of valid ports is ${FIRST_NODE_PORT}-${LAST_NODE_PORT}`;
      throw this.refuse(field, `Invalid value: ${asked}`, why);
    }
    const port = asked ? (allocator.claimNodePort(asked) ? asked : undefined) : allocator.takeNodePort();
    if (port === undefined)
      throw this.refuse(field, `Invalid value: ${asked ?? 0}`, 'provided port is already allocated');
    this.ports.push(port);
    return port;
  }

  private refuse(field: string, value: string, why: string): ApiError {
    this.allocator.release(this.addresses, this.ports);
    return invalid('Service', '', this.name, [
      { reason: 'FieldValueInvalid', message: `${value}: ${why}`, field },
    ]);
  }
}

/** Addresses come from the cluster's ranges; https://kubernetes.io/docs/concepts/services-networking/service/ */
export const services: Strategy = {
  prepareForCreate(object) {
    object['status'] = { loadBalancer: {} };
    const { spec } = asService(object);
    if (spec?.clusterIP && !spec.clusterIPs) spec.clusterIPs = [spec.clusterIP];
  },
  prepareForUpdate(next, previous) {
    const spec = asService(next).spec;
    const old = asService(previous).spec;
    if (spec.type === 'ExternalName') dropAddresses(spec);
    else if (old.type !== 'ExternalName') keepClusterIp(spec, old);
    if (needsNodePorts(spec)) keepNodePorts(spec, old);
    else if (needsNodePorts(old)) dropNodePorts(spec);
    if (spec.type !== 'LoadBalancer' && old.type === 'LoadBalancer') next['status'] = { loadBalancer: {} };
  },
  /** Allocation is the last thing that can refuse a Service, and what a failing one took is given back. */
  allocate(next, previous, { core }) {
    const { spec, metadata } = asService(next);
    const old = previous && asService(previous).spec;
    const taken = new Taken(metadata.name, core.addresses);
    if (spec.type !== 'ExternalName') {
      takeClusterIp(spec, old, taken);
      // The cluster has one address family.
      spec.ipFamilies ??= ['IPv4'];
      spec.ipFamilyPolicy ??= 'SingleStack';
    }
    if (needsNodePorts(spec)) takeNodePorts(spec, old, taken);
  },
  afterCommit(next, previous, core) {
    if (previous) release(previous, next, core);
  },
  afterDelete: (object, core) => release(object, undefined, core),
};

function takeClusterIp(spec: ServiceSpec, old: ServiceSpec | undefined, taken: Taken): void {
  if (spec.clusterIP === HEADLESS) {
    spec.clusterIPs = [HEADLESS];
    return;
  }
  if (!spec.clusterIP || spec.clusterIP !== old?.clusterIP) spec.clusterIP = taken.clusterIp(spec.clusterIP);
  spec.clusterIPs = [spec.clusterIP];
}

function takeNodePorts(spec: ServiceSpec, old: ServiceSpec | undefined, taken: Taken): void {
  const held = new Set(nodePortsOf(old));
  const shared = new Map<number, number>();
  for (const [index, port] of (spec.ports ?? []).entries()) {
    if (port.nodePort && held.has(port.nodePort)) continue;
    // One number may serve TCP and UDP of the same Service.
    const known = port.nodePort ? shared.get(port.nodePort) : undefined;
    port.nodePort = known ?? taken.nodePort(port.nodePort, index);
    shared.set(port.nodePort, port.nodePort);
  }
}

function keepClusterIp(spec: ServiceSpec, old: ServiceSpec): void {
  if (!spec.clusterIP && old.clusterIP) spec.clusterIP = old.clusterIP;
  if (!spec.clusterIPs && old.clusterIPs && spec.clusterIP === old.clusterIP)
    spec.clusterIPs = [...old.clusterIPs];
}

const portKey = ({ name, port, protocol }: ServicePort) => `${name ?? ''}/${protocol ?? 'TCP'}/${port}`;

/** A port that an update mentions without its node port keeps the one that it has. */
function keepNodePorts(spec: ServiceSpec, old: ServiceSpec): void {
  const known = new Map((old.ports ?? []).map((port) => [portKey(port), port.nodePort]));
  const asked = new Set(nodePortsOf(spec));
  for (const port of spec.ports ?? []) {
    const nodePort = known.get(portKey(port));
    if (!port.nodePort && nodePort && !asked.has(nodePort)) port.nodePort = nodePort;
  }
}

function dropNodePorts(spec: ServiceSpec): void {
  for (const port of spec.ports ?? []) delete port.nodePort;
  delete spec.externalTrafficPolicy;
  delete spec.allocateLoadBalancerNodePorts;
}

function dropAddresses(spec: ServiceSpec): void {
  delete spec.clusterIP;
  delete spec.clusterIPs;
  delete spec.ipFamilies;
  delete spec.ipFamilyPolicy;
  delete spec.internalTrafficPolicy;
}

const needsNodePorts = (spec: ServiceSpec | undefined) =>
  spec?.type === 'NodePort' ||
  (spec?.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);

const nodePortsOf = (spec: ServiceSpec | undefined): number[] =>
  (spec?.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : []));

const addressesOf = (spec: ServiceSpec | undefined): string[] =>
  (spec?.clusterIPs ?? []).filter((address) => address !== HEADLESS);

/** Gives back what the old state held and the new one does not. */
function release(old: Working, next: Working | undefined, core: Core): void {
  const before = asService(old).spec;
  const after = next && asService(next).spec;
  const kept = new Set<string | number>([...addressesOf(after), ...nodePortsOf(after)]);
  core.addresses.release(
    addressesOf(before).filter((address) => !kept.has(address)),
    nodePortsOf(before).filter((port) => !kept.has(port)),
  );
}
