import { Injectable } from '@nestjs/common';
import { Database } from '../../common/database/database.js';
import { SandboxHost } from '../../sandbox/host/sandbox-host.js';
import { HandlesJob, type JobData, type JobHandler } from '../jobs/jobs.js';
import { LabEvents } from '../lab-events.js';
import { USABLE } from '../lab-state.js';
import { ThisHost } from './this-host.js';

/** Moves a cluster's clock to where it should be. The row says where it is, so that doing it twice moves it once. */
@Injectable()
@HandlesJob('clock')
export class ClockJob implements JobHandler<'clock'> {
  constructor(
    private readonly database: Database,
    private readonly sandboxes: SandboxHost,
    private readonly events: LabEvents,
    private readonly host: ThisHost,
  ) {}

  async handle({ labId, toOffsetMs }: JobData<'clock'>): Promise<void> {
    const usable = { id: labId, hostId: this.host.id, state: { in: USABLE } };
    const lab = await this.database.lab.findFirst({ where: usable });
    const byMs = toOffsetMs - Number(lab?.clockOffsetMs ?? toOffsetMs);
    if (byMs <= 0) return;
    await this.sandboxes.advanceClock(labId, byMs);
    await this.database.$transaction(async (transaction) => {
      const moved = await transaction.lab.updateMany({ where: usable, data: { clockOffsetMs: toOffsetMs } });
      if (moved.count === 1)
        await this.events.append(transaction, labId, { type: 'clock', data: { advancedMs: byMs } });
    });
    await this.events.announce(labId, 'clock');
  }
}
