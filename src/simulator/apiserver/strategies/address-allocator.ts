import type { JsonObject } from '../../machinery/json.js';
import type { Store } from '../../storage/store.js';

/** kubeadm's default service network, 10.96.0.0/16, and the API server's default node ports. */
const FIRST_SERVICE_ADDRESS = (10 << 24) | (96 << 16);
const SERVICE_ADDRESSES = 2 ** 16;
export const FIRST_NODE_PORT = 30_000;
export const LAST_NODE_PORT = 32_767;

const format = (address: number) => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');

function parse(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255))
    return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** Which cluster IPs and node ports Services hold. Made anew from the stored Services when the cluster starts. */
export class AddressAllocator {
  private readonly clusterIps = new Set<string>();
  private readonly nodePorts = new Set<number>();

  /** Takes what the stored Services hold already. */
  restore(store: Store): void {
    for (const service of store.list('services')) {
      const {
        clusterIPs = [],
        ports = [],
        healthCheckNodePort,
      } = (service as unknown as { spec: ServiceAddresses }).spec;
      for (const address of clusterIPs) this.clusterIps.add(address);
      for (const port of [...ports.map((each) => each.nodePort), healthCheckNodePort]) {
        if (port) this.nodePorts.add(port);
      }
    }
  }

  /** A free cluster IP at random; undefined when all are taken. The first 266 are left to those who ask for one by name. */
  takeClusterIp(): string | undefined {
    const reserved = 266;
    const usable = SERVICE_ADDRESSES - reserved - 1;
    const from = Math.floor(Math.random() * usable);
    for (let tried = 0; tried < usable; tried++) {
      const address = format(FIRST_SERVICE_ADDRESS + reserved + ((from + tried) % usable));
      if (this.claimClusterIp(address)) return address;
    }
    return undefined;
  }

  /** False when it is taken. */
  claimClusterIp(address: string): boolean {
    if (this.clusterIps.has(address)) return false;
    this.clusterIps.add(address);
    return true;
  }

  isServiceAddress(address: string): boolean {
    const number = parse(address);
    if (number === undefined) return false;
    const offset = number - FIRST_SERVICE_ADDRESS;
    return offset > 0 && offset < SERVICE_ADDRESSES - 1;
  }

  takeNodePort(): number | undefined {
    const count = LAST_NODE_PORT - FIRST_NODE_PORT + 1;
    const from = Math.floor(Math.random() * count);
    for (let tried = 0; tried < count; tried++) {
      const port = FIRST_NODE_PORT + ((from + tried) % count);
      if (this.claimNodePort(port)) return port;
    }
    return undefined;
  }

  claimNodePort(port: number): boolean {
    if (this.nodePorts.has(port)) return false;
    this.nodePorts.add(port);
    return true;
  }

  release(clusterIps: readonly string[], nodePorts: readonly number[]): void {
    for (const address of clusterIps) this.clusterIps.delete(address);
    for (const port of nodePorts) this.nodePorts.delete(port);
  }
}

/** The part of a Service's spec that holds something exclusively. */
export interface ServiceAddresses extends JsonObject {
  clusterIPs?: string[];
  ports?: { nodePort?: number }[];
  healthCheckNodePort?: number;
}
