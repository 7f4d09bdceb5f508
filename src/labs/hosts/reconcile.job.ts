import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../../common/database/database.js';
import type { Lab } from '../../common/database/generated/client.js';
import { SandboxHost } from '../../sandbox/host/sandbox-host.js';
import { JobQueues } from '../jobs/job-queues.js';
import { HandlesJob, type JobHandler } from '../jobs/jobs.js';
import { OVER } from '../lab-state.js';
import { LabTransitions } from '../lab-transitions.js';
import { DestroyJob } from './destroy.job.js';
import { LabMaker, MOST_ATTEMPTS } from './lab-maker.js';
import { ThisHost } from './this-host.js';

/** How often a host compares. */
export const RECONCILE_EVERY_MS = 20_000;

/**
 * Compares what exists on this host with what rows say, the runtime being the truth about the first:
 * - a sandbox without a lab that wants it is removed;
 * - a lab that is over is written down as removed, or removed again;
 * - a lab whose sandbox is gone has failed, and says so;
 * - a lab that nobody makes any more is queued again.
 */
@Injectable()
@HandlesJob('reconcile')
export class ReconcileJob implements JobHandler<'reconcile'> {
  private readonly logger = new Logger('Reconcile');

  constructor(
    private readonly database: Database,
    private readonly sandboxes: SandboxHost,
    private readonly host: ThisHost,
    private readonly maker: LabMaker,
    private readonly destroy: DestroyJob,
    private readonly transitions: LabTransitions,
    private readonly queues: JobQueues,
  ) {}

  async handle(): Promise<void> {
    await this.compare({ justStarted: false });
  }

  /** `justStarted`: nothing runs yet in this process, so every attempt that is said to run has died with the last one. */
  async compare({ justStarted }: { justStarted: boolean }): Promise<void> {
    // Rows before the list: a lab that is ready in a row read now had its sandbox before.
    const labs = await this.database.lab.findMany({ where: { hostId: this.host.id, destroyedAt: null } });
    const existing = new Set(await this.sandboxes.list());
    for (const lab of labs) await this.compareLab(lab, existing.has(lab.id), justStarted);
    await this.removeOrphans([...existing]);
  }

  private async compareLab(lab: Lab, exists: boolean, justStarted: boolean): Promise<void> {
    const { id, attempt } = lab;
    if (OVER.includes(lab.state)) {
      await this.destroy.handle({ labId: id });
    } else if (lab.state === 'provisioning') {
      const silent = justStarted || (lab.leaseUntil ?? new Date(0)) < new Date();
      if (!silent || this.maker.isMaking(id)) return;
      await this.tryElsewhere(lab);
    } else if (!exists && lab.state !== 'queued') {
      this.logger.error({ labId: id }, 'sandbox of a lab is gone');
      const reason = {
        code: 'host-unreachable',
        text: 'The cluster was lost together with its host',
      } as const;
      await this.transitions.move(id, { to: 'failed', attempt, reason });
    }
  }

  /** A lab whose making ends one process after the other must not go on like that. */
  private async tryElsewhere({ id, attempt }: Lab): Promise<void> {
    if (attempt >= MOST_ATTEMPTS) {
      const text = 'Its host was lost each time while it made the cluster';
      await this.transitions.move(id, { to: 'failed', attempt, reason: { code: 'provision-failed', text } });
      return;
    }
    const data = { hostId: null, leaseUntil: null };
    const queued = await this.transitions.move(id, { to: 'queued', attempt, data });
    if (queued) await this.queues.provision({ id, attempt });
  }

  private async removeOrphans(existing: string[]): Promise<void> {
    const wanted = await this.database.lab.findMany({
      where: { id: { in: existing }, hostId: this.host.id, destroyedAt: null },
      select: { id: true },
    });
    const kept = new Set(wanted.map(({ id }) => id));
    for (const id of existing) {
      if (kept.has(id) || this.maker.isMaking(id)) continue;
      this.logger.warn({ sandboxId: id }, 'orphaned sandbox removed');
      await this.sandboxes.destroy(id);
    }
  }
}
