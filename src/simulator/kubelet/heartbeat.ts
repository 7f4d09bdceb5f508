import type { Lease } from '../api/coordination-v1.generated.js';
import type { Node } from '../api/core-v1.generated.js';
import type { Client } from '../client.js';
import { type Clock, microTimestamp, type Timer, timestamp } from '../clock/clock.js';

const LEASE_NAMESPACE = 'kube-node-lease';
const LEASES = 'leases.coordination.k8s.io';
/** Kubelet's lease duration; it renews at a quarter of that. */
const LEASE_SECONDS = 40;
const RENEW_MS = (LEASE_SECONDS * 1000) / 4;
/** Kubelet writes an unchanged node status so often (`nodeStatusReportFrequency`), in renewals. */
const RENEWALS_PER_STATUS = 30;

/** Keeps the Leases of all nodes of a cluster renewed with a single timer; every five minutes the nodes' heartbeat too. */
export class Heartbeat {
  private timer: Timer | undefined;
  private beats = 0;
  private stopped = false;

  constructor(
    private readonly nodes: ReadonlyMap<string, Client>,
    private readonly clock: Clock,
  ) {}

  /** `isRenewed`: the Leases are new, as in a new cluster, and need no renewal yet. */
  async start(isRenewed = false): Promise<void> {
    if (!isRenewed) for (const [name, client] of this.nodes) await this.renew(name, client);
    this.schedule();
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = this.clock.schedule(RENEW_MS, () => void this.beat().finally(() => this.schedule()));
  }

  private async beat(): Promise<void> {
    this.beats++;
    for (const [name, client] of this.nodes) {
      await this.renew(name, client);
      if (this.beats % RENEWALS_PER_STATUS === 0) await this.report(name, client);
    }
  }

  private async renew(nodeName: string, client: Client): Promise<void> {
    const node = client.get<Node>('nodes', undefined, nodeName);
    if (!node) return;
    const renewTime = microTimestamp(this.clock);
    const lease = client.get<Lease>(LEASES, LEASE_NAMESPACE, nodeName);
    const written = lease
      ? client.mergePatch<Lease>(LEASES, LEASE_NAMESPACE, nodeName, { spec: { renewTime } })
      : client.create<Lease>(LEASES, {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: {
            name: nodeName,
            namespace: LEASE_NAMESPACE,
            ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: node.metadata.uid }],
          },
          spec: { holderIdentity: nodeName, leaseDurationSeconds: LEASE_SECONDS, renewTime },
        });
    // A renewal that fails is made up for by the next one.
    await written.catch(() => {});
  }

  private async report(nodeName: string, client: Client): Promise<void> {
    const node = client.get<Node>('nodes', undefined, nodeName);
    if (!node?.status) return;
    const now = timestamp(this.clock);
    const conditions = (node.status.conditions ?? []).map((condition) => ({
      ...condition,
      lastHeartbeatTime: now,
    }));
    await client.updateStatus('nodes', { ...node, status: { ...node.status, conditions } }).catch(() => {});
  }
}
