import { Body, Controller, Delete, Get, Headers, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ZodResponse } from 'nestjs-zod';
import { CurrentPrincipal, type Principal } from '../accounts/principal.js';
import { Idempotent } from '../common/http/idempotency.interceptor.js';
import { publicUrlFor } from '../common/http/public-url.js';
import { Secret } from '../common/secret.js';
import { ENV } from '../config/config.module.js';
import type { Env } from '../config/env.js';
import { accessKey } from './access/access-key.js';
import { writeKubeconfig } from './access/kubeconfig.js';
import { LabObjects } from './access/lab-objects.js';
import { GradingService } from './grading.service.js';
import { LabClockService } from './lab-clock.service.js';
import { LabHintsService } from './lab-hints.service.js';
import {
  ClockDto,
  CreateLabDto,
  ExtendDto,
  GradeDto,
  GradeRequestDto,
  HintDto,
  HintRequestDto,
  LabDto,
  LabListDto,
} from './labs.schema.js';
import { LabsService } from './labs.service.js';

@ApiTags('labs')
@ApiBearerAuth()
@Controller('api/v1/labs')
export class LabsController {
  constructor(
    private readonly labs: LabsService,
    private readonly grading: GradingService,
    private readonly hints: LabHintsService,
    private readonly clock: LabClockService,
  ) {}

  @Post()
  @Idempotent()
  @ApiOperation({
    summary: 'Start a lab',
    description: 'Answers at once; follow its events until it is `ready`.',
  })
  @ZodResponse({ status: 202, type: LabDto })
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body() body: CreateLabDto,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ) {
    const lab = await this.labs.create(principal, body, key);
    response.location(`/api/v1/labs/${lab.id}`);
    return lab;
  }

  @Get()
  @ApiOperation({ summary: 'My labs, newest first' })
  @ZodResponse({ status: 200, type: LabListDto })
  async list(@CurrentPrincipal() principal: Principal) {
    return { items: await this.labs.list(principal) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'A lab: its state, timeline, place in the queue, expiry, steps and verdicts' })
  @ZodResponse({ status: 200, type: LabDto })
  async get(@CurrentPrincipal() principal: Principal, @Param('id') id: string) {
    return this.labs.get(principal, id);
  }

  @Post(':id/grade')
  @ApiOperation({ summary: 'Look at the cluster and judge it, all steps or one' })
  @ZodResponse({ status: 200, type: GradeDto })
  async grade(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Body() body: GradeRequestDto,
  ) {
    return this.grading.grade(principal, id, body.step);
  }

  @Post(':id/hints')
  @ApiOperation({ summary: 'The next hint of a step' })
  @ZodResponse({ status: 200, type: HintDto })
  async hint(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Body() body: HintRequestDto,
  ) {
    return this.hints.giveNext(principal, id, body.step);
  }

  @Post(':id/extend')
  @ApiOperation({ summary: 'More time' })
  @ZodResponse({ status: 200, type: LabDto })
  async extend(@CurrentPrincipal() principal: Principal, @Param('id') id: string, @Body() body: ExtendDto) {
    return this.labs.extend(principal, id, body.minutes);
  }

  @Post(':id/reset')
  @ApiOperation({ summary: 'The cluster as the scenario begins; points begin anew' })
  @ZodResponse({ status: 202, type: LabDto })
  async reset(@CurrentPrincipal() principal: Principal, @Param('id') id: string) {
    return this.labs.reset(principal, id);
  }

  @Post(':id/clock')
  @ApiOperation({ summary: 'Move the clock of a simulated cluster forward' })
  @ZodResponse({ status: 200, type: LabDto })
  async moveClock(@CurrentPrincipal() principal: Principal, @Param('id') id: string, @Body() body: ClockDto) {
    return this.clock.advance(principal, id, body.advance);
  }

  @Delete(':id')
  @ApiOperation({ summary: 'End a lab; what is left of it is removed in the background' })
  @ZodResponse({ status: 202, type: LabDto })
  async end(@CurrentPrincipal() principal: Principal, @Param('id') id: string) {
    return this.labs.end(principal, id);
  }
}

@ApiTags('labs')
@ApiBearerAuth()
@Controller('api/v1/labs/:id')
export class LabClusterController {
  constructor(
    private readonly labs: LabsService,
    private readonly objects: LabObjects,
    private readonly secret: Secret,
    @Inject(ENV) private readonly env: Env,
  ) {}

  @Get('kubeconfig')
  @ApiOperation({ summary: 'A kubeconfig for the learner’s own kubectl, good while the lab lives' })
  @ApiProduces('application/yaml')
  async kubeconfig(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.labs.findUsable(principal, id);
    const base = publicUrlFor(request, this.env.SEATRIAL_PUBLIC_URL);
    const server = `${base}/api/v1/labs/${id}/cluster/${accessKey(this.secret, id)}`;
    response.type('application/yaml').set('Cache-Control', 'no-store');
    response.send(writeKubeconfig(`seatrial-${id}`, server));
  }

  @Get('objects')
  @ApiOperation({ summary: 'The objects of the cluster, as the learner may see them' })
  @ApiQuery({ name: 'kinds', required: false, description: 'Kinds separated by commas, e.g. `Pod,Service`.' })
  async listObjects(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Query('kinds') kinds: unknown,
  ): Promise<{ items: object[] }> {
    // Given twice it arrives as an array, and that joins its items with commas.
    return { items: await this.objects.list(principal, id, kinds === undefined ? undefined : String(kinds)) };
  }
}
