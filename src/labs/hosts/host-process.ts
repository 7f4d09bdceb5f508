import { Inject, Injectable } from '@nestjs/common';
import { Revocations } from '../../accounts/revocations.js';
import { Secret } from '../../common/secret.js';
import { ENV } from '../../config/config.module.js';
import type { Env } from '../../config/env.js';
import { GatewayServer } from '../../sandbox/gateway/gateway-server.js';
import { SandboxHost } from '../../sandbox/host/sandbox-host.js';
import { JobQueues } from '../jobs/job-queues.js';
import { JobWorkers } from '../jobs/job-workers.js';
import { HostDrivers } from './host-drivers.js';
import { gatewaySecret } from './host-gateways.js';
import { RECONCILE_EVERY_MS, ReconcileJob } from './reconcile.job.js';
import { ThisHost } from './this-host.js';

/** Running jobs get this long to come to an end when the program stops; the next start picks up the rest. */
const STOP_PATIENCE_MS = 2_000;

/** Turns this process into a host, and back. */
@Injectable()
export class HostProcess {
  private gateway: GatewayServer | undefined;
  private forgetRevocations: (() => void) | undefined;

  constructor(
    private readonly host: ThisHost,
    private readonly drivers: HostDrivers,
    private readonly sandboxes: SandboxHost,
    private readonly reconcile: ReconcileJob,
    private readonly workers: JobWorkers,
    private readonly queues: JobQueues,
    private readonly revocations: Revocations,
    private readonly secret: Secret,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** First what an earlier process left is put right, then new work is taken. */
  async start(): Promise<void> {
    const id = this.host.id;
    this.gateway = new GatewayServer(this.sandboxes, gatewaySecret(this.secret));
    const address = await this.gateway.listen({
      host: this.env.SEATRIAL_GATEWAY_HOST,
      port: this.env.SEATRIAL_GATEWAY_PORT,
    });
    const ownUrl =
      'port' in address ? `http://${address.host}:${address.port}` : `unix:${address.socketPath}`;
    this.forgetRevocations = await this.revocations.listen((subject) =>
      this.sandboxes.closeConnections(subject),
    );
    await this.host.announce(this.env.SEATRIAL_GATEWAY_URL ?? ownUrl, await this.drivers.available());
    await this.reconcile.compare({ justStarted: true });
    await this.workers.startHost(id);
    await this.queues.scheduleReconcile(id, RECONCILE_EVERY_MS);
  }

  /** Takes no more work, lets go of everyone and everything; the sandboxes stay on disk. */
  async stop(): Promise<void> {
    this.forgetRevocations?.();
    await this.host.leave().catch(() => {});
    await this.workers.stop(STOP_PATIENCE_MS);
    await this.gateway?.close();
    await this.sandboxes.close();
  }
}
