import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type JobsOptions, Queue } from 'bullmq';
import { REDIS_ADDRESS, redisOptions } from '../../common/redis/redis-address.js';
import { queueName } from './jobs.js';

/**
 * A finished job leaves no trace, so that one with the same id can be sent again. What failed here failed for a reason
 * that the handler did not foresee; trying again a few times helps against a database that was away.
 */
const OPTIONS: JobsOptions = {
  removeOnComplete: true,
  removeOnFail: true,
  attempts: 5,
  backoff: { type: 'exponential', delay: 200 },
};

/** A lab, and how many attempts to make it there were. */
export interface LabAttempt {
  id: string;
  attempt: number;
}

/**
 * Sends jobs. A job has an id made of what it is about: sent twice, it is there once. The number of the attempts so far
 * belongs to it, because the job of an attempt that died may still look alive for a while.
 */
@Injectable()
export class JobQueues implements OnModuleDestroy {
  private readonly queues = new Map<string, Queue>();

  constructor(@Inject(REDIS_ADDRESS) private readonly address: string) {}

  async provision({ id: labId, attempt }: LabAttempt): Promise<void> {
    const jobId = `provision-${labId}-${attempt}`;
    await this.queue(queueName('shared')).add('provision', { labId }, { ...OPTIONS, jobId });
  }

  async reset(hostId: string, { id: labId, attempt }: LabAttempt): Promise<void> {
    const jobId = `reset-${labId}-${attempt}`;
    await this.queue(queueName('own', hostId)).add('reset', { labId }, { ...OPTIONS, jobId });
  }

  async destroy(hostId: string, labId: string): Promise<void> {
    const jobId = `destroy-${labId}`;
    await this.queue(queueName('own', hostId)).add('destroy', { labId }, { ...OPTIONS, jobId });
  }

  async moveClock(hostId: string, labId: string, toOffsetMs: number): Promise<void> {
    const jobId = `clock-${labId}-${toOffsetMs}`;
    await this.queue(queueName('own', hostId)).add('clock', { labId, toOffsetMs }, { ...OPTIONS, jobId });
  }

  /** Has `reconcile` done by this host again and again. */
  async scheduleReconcile(hostId: string, everyMs: number): Promise<void> {
    await this.queue(queueName('own', hostId)).upsertJobScheduler(
      'reconcile',
      { every: everyMs },
      { name: 'reconcile', data: {}, opts: { removeOnComplete: true, removeOnFail: true } },
    );
  }

  /** Has `reap` done by some process again and again; one schedule for the whole installation. */
  async scheduleReap(everyMs: number): Promise<void> {
    await this.queue(queueName('any')).upsertJobScheduler(
      'reap',
      { every: everyMs },
      { name: 'reap', data: {}, opts: { removeOnComplete: true, removeOnFail: true } },
    );
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.queues.values()].map((queue) => queue.close()));
  }

  private queue(name: string): Queue {
    const known = this.queues.get(name);
    if (known) return known;
    const queue = new Queue(name, { connection: redisOptions(this.address) });
    // The connection heals itself; unheard, the event would end the process.
    queue.on('error', () => {});
    this.queues.set(name, queue);
    return queue;
  }
}
