import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';
import type { Response } from 'express';
import { Public } from '../accounts/principal.js';
import { Database } from '../common/database/database.js';
import { Broadcast } from '../common/redis/broadcast.js';
import { Websockets } from './access/websockets.js';
import { aliveSince } from './hosts/host-liveness.js';

const PATIENCE_MS = 2_000;

/** For load balancers and monitoring. Nothing in it is about a person. */
@ApiTags('operation')
@Public()
@SkipThrottle()
@Controller(['', 'api/v1'])
export class HealthController {
  constructor(
    private readonly database: Database,
    private readonly broadcast: Broadcast,
    private readonly websockets: Websockets,
  ) {}

  @Get('healthz')
  @ApiOperation({ summary: 'The process runs' })
  health() {
    return { status: 'ok' };
  }

  @Get('readyz')
  @ApiOperation({ summary: 'Database and queue answer; 503 naming what does not' })
  async readiness(@Res({ passthrough: true }) response: Response) {
    const [database, queue] = await Promise.all([
      answers(this.database.$queryRaw`SELECT 1`),
      answers(this.broadcast.ping()),
    ]);
    const ready = database && queue;
    response.status(ready ? 200 : 503);
    return { status: ready ? 'ok' : 'unavailable', database, queue };
  }

  @Get('metrics')
  @ApiOperation({ summary: 'Figures in the text format of Prometheus' })
  @ApiProduces('text/plain')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  async metrics(): Promise<string> {
    const [states, hosts, grades] = await Promise.all([
      this.database.lab.groupBy({ by: ['state'], _count: true }),
      this.database.host.count({ where: { heartbeatAt: { gt: aliveSince() } } }),
      this.database.grade.count(),
    ]);
    return [
      ...family('seatrial_labs', 'gauge', 'Labs by state.'),
      ...states.map(({ state, _count }) => `seatrial_labs{state="${state}"} ${_count}`),
      ...family('seatrial_hosts_alive', 'gauge', 'Hosts with a recent heartbeat.'),
      `seatrial_hosts_alive ${hosts}`,
      ...family('seatrial_grades_total', 'counter', 'Gradings so far.'),
      `seatrial_grades_total ${grades}`,
      ...family('seatrial_websockets_open', 'gauge', 'Upgraded connections of this process.'),
      `seatrial_websockets_open ${this.websockets.openCount}`,
      ...family('process_resident_memory_bytes', 'gauge', 'Resident memory of this process.'),
      `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
      '',
    ].join('\n');
  }
}

function family(name: string, type: 'gauge' | 'counter', help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function answers(question: Promise<unknown>): Promise<boolean> {
  const patience = new Promise<boolean>((resolve) => setTimeout(resolve, PATIENCE_MS, false).unref());
  return Promise.race([
    question.then(
      () => true,
      () => false,
    ),
    patience,
  ]);
}
