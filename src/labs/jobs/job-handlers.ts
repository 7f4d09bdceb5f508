import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { ENV } from '../../config/config.module.js';
import type { Env } from '../../config/env.js';
import { HANDLED_JOB, JOB_NAMES, JOBS, type JobHandler, type JobName } from './jobs.js';

/** Knows who handles which job, and proves at the start that everything is handled, by exactly one. */
@Injectable()
export class JobHandlers implements OnModuleInit {
  private handlers: ReadonlyMap<JobName, JobHandler> = new Map();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
    @Inject(ENV) private readonly env: Env,
  ) {}

  onModuleInit(): void {
    const isHost = this.env.SEATRIAL_ROLES.includes('host');
    const expected = JOB_NAMES.filter((name) => isHost || JOBS[name].queue === 'any');
    const declared = this.discovery.getProviders().flatMap(({ instance, metatype }) => {
      const name = metatype && this.reflector.get<JobName | undefined>(HANDLED_JOB, metatype);
      return name ? [{ name, handler: instance as JobHandler }] : [];
    });
    this.handlers = proveHandlers(expected, declared);
  }

  /** Throws for a job that this process does not handle. */
  of(name: JobName): JobHandler {
    const handler = this.handlers.get(name);
    if (!handler) throw new Error(`This process handles no job ${name}`);
    return handler;
  }
}

/** The handlers by job. Throws naming every expected job that has none or several. */
export function proveHandlers(
  expected: readonly JobName[],
  declared: readonly { name: JobName; handler: JobHandler }[],
): ReadonlyMap<JobName, JobHandler> {
  const wrong = expected
    .map((name) => ({ name, count: declared.filter((entry) => entry.name === name).length }))
    .filter(({ count }) => count !== 1);
  if (wrong.length > 0) {
    const list = wrong.map(({ name, count }) => `${name} has ${count}`).join(', ');
    throw new Error(`Each job needs exactly one handler: ${list}`);
  }
  return new Map(declared.map(({ name, handler }) => [name, handler]));
}
