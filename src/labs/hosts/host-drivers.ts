import { Injectable } from '@nestjs/common';
import { SandboxHost } from '../../sandbox/host/sandbox-host.js';

const DRIVERS = ['simulated', 'kind'] as const;
const ASKED_FOR_MS = 30_000;

/** Which kinds of clusters this host can make now: asked now and then, because an engine comes and goes. */
@Injectable()
export class HostDrivers {
  private known: { names: string[]; until: number } | undefined;

  constructor(private readonly sandboxes: SandboxHost) {}

  async available(): Promise<string[]> {
    if (this.known && this.known.until > Date.now()) return this.known.names;
    const statuses = await Promise.all(DRIVERS.map((name) => this.sandboxes.driverStatus(name)));
    const names = DRIVERS.filter((_, index) => statuses[index]?.available);
    this.known = { names, until: Date.now() + ASKED_FOR_MS };
    return names;
  }
}
