import { Injectable } from '@nestjs/common';
import { Database } from '../../common/database/database.js';
import { SandboxHost } from '../../sandbox/host/sandbox-host.js';
import { HandlesJob, type JobData, type JobHandler } from '../jobs/jobs.js';
import { OVER } from '../lab-state.js';
import { ThisHost } from './this-host.js';

/** Removes everything of a lab that is over and writes down that nothing is left. */
@Injectable()
@HandlesJob('destroy')
export class DestroyJob implements JobHandler<'destroy'> {
  constructor(
    private readonly database: Database,
    private readonly sandboxes: SandboxHost,
    private readonly host: ThisHost,
  ) {}

  async handle({ labId }: JobData<'destroy'>): Promise<void> {
    const over = { id: labId, hostId: this.host.id, state: { in: OVER }, destroyedAt: null };
    if ((await this.database.lab.count({ where: over })) === 0) return;
    await this.sandboxes.destroy(labId);
    await this.database.lab.updateMany({ where: over, data: { destroyedAt: new Date() } });
  }
}
