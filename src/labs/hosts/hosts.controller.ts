import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ZodResponse } from 'nestjs-zod';
import { AllowRoles } from '../../accounts/principal.js';
import { Database } from '../../common/database/database.js';
import { HostListDto } from '../labs.schema.js';
import { aliveSince } from './host-liveness.js';
import { holdingSlot } from './host-slots.js';

@ApiTags('administration')
@ApiBearerAuth()
@AllowRoles('administrator')
@Controller('api/v1/admin/hosts')
export class HostsController {
  constructor(private readonly database: Database) {}

  @Get()
  @ApiOperation({ summary: 'The hosts, what they can make and how full they are' })
  @ZodResponse({ status: 200, type: HostListDto })
  async list() {
    const hosts = await this.database.host.findMany({ orderBy: { name: 'asc' } });
    const items = hosts.map(async (host) => ({
      id: host.id,
      name: host.name,
      alive: host.heartbeatAt > aliveSince(),
      drivers: host.drivers,
      slots: host.slots,
      usedSlots: await this.database.lab.count({ where: holdingSlot(host.id) }),
      startedAt: host.startedAt.toISOString(),
      heartbeatAt: host.heartbeatAt.toISOString(),
    }));
    return { items: await Promise.all(items) };
  }
}
