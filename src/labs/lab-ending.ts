import { Injectable } from '@nestjs/common';
import { Database } from '../common/database/database.js';
import { JobQueues } from './jobs/job-queues.js';
import { LabTransitions, type Move } from './lab-transitions.js';

/** Ends labs: the row first, so that nobody gets in any more, then a job for what is left on the host. */
@Injectable()
export class LabEnding {
  constructor(
    private readonly database: Database,
    private readonly transitions: LabTransitions,
    private readonly queues: JobQueues,
  ) {}

  /** Resolves to whether it was this call that ended the lab. */
  async end(labId: string, move: Move & { to: 'ended' | 'expired' }): Promise<boolean> {
    const ended = await this.transitions.move(labId, move);
    if (!ended) return false;
    const { hostId } = await this.database.lab.findUniqueOrThrow({ where: { id: labId } });
    await this.removeSandbox(labId, hostId);
    return true;
  }

  /** Sends the job, or writes down at once that there is nothing to remove. */
  async removeSandbox(labId: string, hostId: string | null): Promise<void> {
    if (hostId) await this.queues.destroy(hostId, labId);
    else
      await this.database.lab.updateMany({
        where: { id: labId, hostId: null },
        data: { destroyedAt: new Date() },
      });
  }
}
