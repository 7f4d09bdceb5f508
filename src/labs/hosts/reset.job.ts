import { Injectable } from '@nestjs/common';
import { Database } from '../../common/database/database.js';
import { HandlesJob, type JobData, type JobHandler } from '../jobs/jobs.js';
import { LabMaker } from './lab-maker.js';
import { ThisHost } from './this-host.js';

/** Makes a lab anew that its learner has reset. The row already says so, with the number of the attempt. */
@Injectable()
@HandlesJob('reset')
export class ResetJob implements JobHandler<'reset'> {
  constructor(
    private readonly database: Database,
    private readonly host: ThisHost,
    private readonly maker: LabMaker,
  ) {}

  async handle({ labId }: JobData<'reset'>): Promise<void> {
    const lab = await this.database.lab.findFirst({
      where: { id: labId, hostId: this.host.id, state: 'provisioning' },
    });
    if (lab && !this.maker.isMaking(labId)) await this.maker.make(labId, lab.attempt);
  }
}
