import { Controller, Get, Headers, Param, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CurrentPrincipal, type Principal } from '../accounts/principal.js';
import { LabStories } from './lab-stories.js';
import { LabsService } from './labs.service.js';

@ApiTags('labs')
@ApiBearerAuth()
@Controller('api/v1/labs/:id/events')
export class LabEventsController {
  constructor(
    private readonly labs: LabsService,
    private readonly stories: LabStories,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Follow a lab by server-sent events',
    description:
      'From the first event on, or after `Last-Event-ID`. Events: `state`, `phase`, `extended`, `grade`, `hint`, `clock`, and ' +
      '`queue` (without a number) while it waits. The stream ends after the state that ends the lab; 204 when there is no more.',
  })
  @ApiProduces('text/event-stream')
  async follow(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const lab = await this.labs.find(principal, id);
    const from = /^\d{1,9}$/.test(lastEventId ?? '') ? Number(lastEventId) : 0;
    await this.stories.tell(lab, from, request, response);
  }
}
