/** Hands out the pod addresses of one node's range, lowest free one first after the last, as kind's host-local plugin does. */
export class PodAddresses {
  private readonly taken = new Set<number>();
  private last = 1;

  /** `cidr` is a /24, e.g. `10.244.1.0/24`; .0 is the network, .1 the node's bridge, .255 the broadcast address. */
  constructor(private readonly cidr: string) {}

  /** A free address; undefined when all 253 are in use. */
  allocate(): string | undefined {
    for (let step = 1; step <= 253; step++) {
      const host = 2 + ((this.last - 2 + step + 253) % 253);
      if (this.taken.has(host)) continue;
      this.taken.add(host);
      this.last = host;
      return `${this.prefix}.${host}`;
    }
    return undefined;
  }

  /** Takes an address that a pod already has, e.g. after a restart of the process. */
  claim(ip: string): void {
    if (ip.startsWith(`${this.prefix}.`)) this.taken.add(Number(ip.slice(this.prefix.length + 1)));
  }

  release(ip: string): void {
    if (ip.startsWith(`${this.prefix}.`)) this.taken.delete(Number(ip.slice(this.prefix.length + 1)));
  }

  private get prefix(): string {
    return this.cidr.slice(0, this.cidr.lastIndexOf('.'));
  }
}
