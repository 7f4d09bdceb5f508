import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../../common/database/database.js';
import { aliveSince, LOST_MS, lostBefore } from '../hosts/host-liveness.js';
import { LabEnding } from '../lab-ending.js';
import { LIVE, OVER } from '../lab-state.js';
import { LabTransitions } from '../lab-transitions.js';
import { JobQueues } from './job-queues.js';
import { HandlesJob, type JobHandler } from './jobs.js';

/** How often it runs: a lab outlives its time by no more. */
export const REAP_EVERY_MS = 5_000;

/** A row that should have a job by now; sending it again costs nothing when it has. */
const FORGOTTEN_AFTER_MS = 10_000;
const DAY_MS = 24 * 3_600_000;

/** Ends labs whose time is up, finds those that everyone forgot, and throws old notes away. */
@Injectable()
@HandlesJob('reap')
export class ReapJob implements JobHandler<'reap'> {
  private readonly logger = new Logger('Reap');
  private readonly startedAt = Date.now();

  constructor(
    private readonly database: Database,
    private readonly ending: LabEnding,
    private readonly transitions: LabTransitions,
    private readonly queues: JobQueues,
  ) {}

  async handle(): Promise<void> {
    await this.expireLabs();
    await this.findForgotten();
    await this.takeFromSilentHosts();
    await this.giveUpLostHosts();
    await this.throwAway();
  }

  private async expireLabs(): Promise<void> {
    const due = await this.database.lab.findMany({
      where: { state: { in: LIVE }, expiresAt: { lte: new Date() } },
      select: { id: true },
    });
    for (const { id } of due) {
      // Asked again in the update: it may just have been extended.
      const where = { expiresAt: { lte: new Date() } };
      await this.ending.end(id, {
        to: 'expired',
        where,
        reason: { code: 'time-is-up', text: 'The time of the lab is up' },
      });
    }
  }

  private async findForgotten(): Promise<void> {
    const before = new Date(Date.now() - FORGOTTEN_AFTER_MS);
    const queued = await this.database.lab.findMany({
      where: { state: 'queued', createdAt: { lt: before } },
      select: { id: true, attempt: true },
    });
    for (const lab of queued) await this.queues.provision(lab);
    const over = await this.database.lab.findMany({
      where: { state: { in: OVER }, destroyedAt: null, endedAt: { lt: before } },
      select: { id: true, hostId: true },
    });
    for (const { id, hostId } of over) await this.ending.removeSandbox(id, hostId);
  }

  /** What a silent host had begun to make, another one can make. */
  private async takeFromSilentHosts(): Promise<void> {
    const labs = await this.database.lab.findMany({
      where: {
        state: 'provisioning',
        leaseUntil: { lt: new Date() },
        host: { heartbeatAt: { lt: aliveSince() } },
      },
      select: { id: true, attempt: true },
    });
    for (const { id, attempt } of labs) {
      this.logger.warn({ labId: id }, 'lab taken from a silent host');
      const data = { hostId: null, leaseUntil: null };
      const queued = await this.transitions.move(id, { to: 'queued', attempt, data });
      if (queued) await this.queues.provision({ id, attempt });
    }
  }

  /** A process that has just started does not know for how long a host was silent while everything was down. */
  private async giveUpLostHosts(): Promise<void> {
    if (Date.now() - this.startedAt < LOST_MS) return;
    const labs = await this.database.lab.findMany({
      where: { state: { in: LIVE }, host: { heartbeatAt: { lt: lostBefore() } } },
      select: { id: true, attempt: true },
    });
    for (const { id, attempt } of labs) {
      this.logger.error({ labId: id }, 'host of a lab is lost');
      const reason = {
        code: 'host-unreachable',
        text: 'The host of the lab was lost, and the cluster with it',
      } as const;
      await this.transitions.move(id, { to: 'failed', attempt, reason });
    }
  }

  private async throwAway(): Promise<void> {
    const yesterday = new Date(Date.now() - DAY_MS);
    await this.database.idempotentRequest.deleteMany({ where: { createdAt: { lt: yesterday } } });
    await this.database.signInCode.deleteMany({ where: { expiresAt: { lt: yesterday } } });
    await this.database.session.deleteMany({ where: { expiresAt: { lt: yesterday } } });
  }
}
