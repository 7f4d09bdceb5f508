import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobData, type JobHandler, LATER } from '../jobs/jobs.js';
import { HostDrivers } from './host-drivers.js';
import { HostSlots } from './host-slots.js';
import { LabMaker } from './lab-maker.js';

/** Makes the cluster of a queued lab if this host has room and the driver for it; else another host may. */
@Injectable()
@HandlesJob('provision')
export class ProvisionJob implements JobHandler<'provision'> {
  constructor(
    private readonly slots: HostSlots,
    private readonly maker: LabMaker,
    private readonly drivers: HostDrivers,
  ) {}

  async handle({ labId }: JobData<'provision'>): Promise<typeof LATER | undefined> {
    const attempt = await this.slots.claim(labId, await this.drivers.available());
    if (attempt === 'full') return LATER;
    if (attempt !== undefined) await this.maker.make(labId, attempt);
    return undefined;
  }
}
