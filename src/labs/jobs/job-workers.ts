import { Inject, Injectable, Logger } from '@nestjs/common';
import { DelayedError, type Job, Worker, type WorkerOptions } from 'bullmq';
import { REDIS_ADDRESS, redisOptions } from '../../common/redis/redis-address.js';
import { JobHandlers } from './job-handlers.js';
import { CONCURRENCY, JOBS, type JobName, LATER, queueName, RESUMPTIONS } from './jobs.js';

/** A job that nobody can do now is offered again after this. */
const LATER_MS = 250;
/**
 * A worker that was killed loses its job to another one after this. Short where a learner waits for it; a process that was
 * only busy for so long may have its job done twice, which is harmless.
 */
const LOCK_MS = { shared: 5_000, own: 30_000, any: 15_000 } as const;
const STALLED_CHECK_MS = 2_000;

/** Takes jobs from the queues and gives them to their handlers. */
@Injectable()
export class JobWorkers {
  private readonly logger = new Logger('Jobs');
  private readonly workers: Worker[] = [];

  constructor(
    @Inject(REDIS_ADDRESS) private readonly address: string,
    private readonly handlers: JobHandlers,
  ) {}

  /** Starts the queues that any process works on. */
  async startShared(): Promise<void> {
    await this.start(queueName('any'), 'any');
  }

  /** Starts the queues that only hosts work on. */
  async startHost(hostId: string): Promise<void> {
    await this.start(queueName('own', hostId), 'own');
    await this.start(queueName('shared'), 'shared');
  }

  /** Takes no more jobs and waits for the running ones, at most `patienceMs`; what is left then another worker finds. */
  async stop(patienceMs: number): Promise<void> {
    const closing = Promise.all(this.workers.map((worker) => worker.close()));
    const timeout = new Promise<'late'>((resolve) => setTimeout(resolve, patienceMs, 'late').unref());
    if ((await Promise.race([closing, timeout])) === 'late') {
      await Promise.all(this.workers.map((worker) => worker.close(true)));
    }
  }

  private async start(name: string, kind: keyof typeof CONCURRENCY): Promise<void> {
    const options: WorkerOptions = {
      connection: redisOptions(this.address),
      concurrency: CONCURRENCY[kind],
      lockDuration: LOCK_MS[kind],
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: RESUMPTIONS[kind],
    };
    const worker = new Worker(name, (job, token) => this.run(job, token), options);
    worker.on('error', (error) => this.logger.warn({ err: error, queue: name }, 'queue not reachable'));
    worker.on('failed', (job, error) => {
      this.logger.error(
        { err: error, job: job?.name, data: job?.data, attempt: job?.attemptsMade },
        'job failed',
      );
    });
    this.workers.push(worker);
    await worker.waitUntilReady();
  }

  private async run(job: Job, token: string | undefined): Promise<void> {
    const name = job.name as JobName;
    const outcome = await this.handlers.of(name).handle(JOBS[name].data.parse(job.data) as never);
    if (outcome !== LATER) return;
    await job.moveToDelayed(Date.now() + LATER_MS, token);
    throw new DelayedError();
  }
}
