import { afterEach, describe, expect, it } from 'vitest';
import type { CronJob, Job, JobSpec } from '../../api/batch-v1.generated.js';
import type { Pod } from '../../api/core-v1.generated.js';
import { type PodFate, startTestCluster, type TestCluster } from '../testing/start-test-cluster.js';

let cluster: TestCluster;
afterEach(() => {
  expect(cluster.errors).toEqual([]);
  cluster.stop();
});

const start = async (fate: (pod: Pod) => PodFate) => {
  cluster = await startTestCluster(fate);
};
const succeed = (): PodFate => ({ exit: { afterMs: 1000, code: 0 } });
const fail = (): PodFate => ({ exit: { afterMs: 1000, code: 3 } });
const podTemplate = {
  spec: { restartPolicy: 'Never' as const, containers: [{ name: 'c', image: 'busybox' }] },
};
const create = (spec: Partial<JobSpec> = {}) =>
  cluster.client.create<Job>('jobs.batch', {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'job', namespace: 'default' },
    spec: { template: podTemplate, ...spec },
  });
const get = () => cluster.client.get<Job>('jobs.batch', 'default', 'job');
const pods = () => cluster.client.list<Pod>('pods', { namespace: 'default' });
const conditions = () =>
  (get()?.status?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`);

describe('a Job', () => {
  it('completes, and lets its pods go', async () => {
    await start(succeed);
    await create();
    await cluster.advance(5000);
    expect(get()?.status).toMatchObject({
      succeeded: 1,
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
    });
    expect(get()?.status).not.toHaveProperty('active');
    expect(get()?.status?.completionTime).toBeDefined();
    expect(conditions()).toEqual([
      'SuccessCriteriaMet=True CompletionsReached',
      'Complete=True CompletionsReached',
    ]);
    expect(cluster.eventsOf('job')).toEqual([
      `SuccessfulCreate: Created pod: ${pods()[0]?.metadata.name}`,
      'Completed: Job completed',
    ]);
    expect(pods()[0]?.metadata.finalizers ?? []).toEqual([]);
  });

  it('runs no more pods at once than its parallelism', async () => {
    await start(succeed);
    let most = 0;
    cluster.client.watch<Job>('jobs.batch', ({ object }) => {
      most = Math.max(most, object.status?.active ?? 0);
    });
    await create({ completions: 4, parallelism: 2 });
    await cluster.advance(10_000);
    expect([most, get()?.status?.succeeded, pods().length]).toEqual([2, 4, 4]);
  });

  it('waits longer after each failure, and gives up at its back-off limit', async () => {
    await start(fail);
    await create({ backoffLimit: 2 });
    await cluster.advance(5000);
    expect(pods()).toHaveLength(1);
    await cluster.advance(10_000);
    expect(pods()).toHaveLength(2);
    await cluster.advance(15_000);
    expect(pods()).toHaveLength(2);
    await cluster.advance(10_000);
    expect(get()?.status?.failed).toBe(3);
    expect(conditions()).toEqual([
      'FailureTarget=True BackoffLimitExceeded',
      'Failed=True BackoffLimitExceeded',
    ]);
    expect(cluster.eventsOf('job').at(-1)).toBe(
      'BackoffLimitExceeded: Job has reached the specified backoff limit',
    );
  });

  it('ends at its deadline and takes its pods with it', async () => {
    await start(() => ({}));
    await create({ activeDeadlineSeconds: 30 });
    await cluster.advance(29_000);
    expect(get()?.status?.active).toBe(1);
    await cluster.advance(5000);
    expect(conditions()).toEqual(['FailureTarget=True DeadlineExceeded', 'Failed=True DeadlineExceeded']);
    expect(pods()).toEqual([]);
  });

  it('gives every index its own pod', async () => {
    await start(succeed);
    await create({ completions: 3, parallelism: 3, completionMode: 'Indexed' });
    await cluster.advance(5000);
    expect(get()?.status).toMatchObject({ succeeded: 3, completedIndexes: '0-2' });
    expect(pods().map((pod) => pod.spec.hostname)).toEqual(['job-0', 'job-1', 'job-2']);
  });

  it('can be suspended and resumed without counting failures', async () => {
    await start(() => ({}));
    await create();
    await cluster.advance(1000);
    await cluster.client.mergePatch('jobs.batch', 'default', 'job', { spec: { suspend: true } });
    await cluster.advance(1000);
    expect([pods(), get()?.status?.failed, get()?.status?.startTime]).toEqual([[], undefined, undefined]);
    await cluster.client.mergePatch('jobs.batch', 'default', 'job', { spec: { suspend: false } });
    await cluster.advance(1000);
    expect([pods().length, conditions()]).toEqual([1, ['Suspended=False JobResumed']]);
  });

  it('fails at once where its failure policy says so', async () => {
    await start(fail);
    await create({
      podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [3] } }] },
    });
    await cluster.advance(5000);
    const message = `Container c for pod default/${pods()[0]?.metadata.name} failed with exit code 3 matching FailJob rule at index 0`;
    expect(get()?.status?.conditions?.at(-1)).toMatchObject({
      type: 'Failed',
      reason: 'PodFailurePolicy',
      message,
    });
  });

  it('is removed after its time to live, and with it its pods', async () => {
    await start(succeed);
    await create({ ttlSecondsAfterFinished: 60 });
    await cluster.advance(50_000);
    expect(get()).toBeDefined();
    await cluster.advance(20_000);
    expect([get(), pods()]).toEqual([undefined, []]);
  });

  it('leaves no pod behind that is held when it is deleted while running', async () => {
    await start(() => ({}));
    await create({ parallelism: 3 });
    await cluster.advance(1000);
    await cluster.client.delete('jobs.batch', 'default', 'job');
    await cluster.advance(2000);
    expect(pods()).toEqual([]);
  });
});

describe('a CronJob', () => {
  const createCron = (spec: Partial<CronJob['spec']> = {}) =>
    cluster.client.create<CronJob>('cronjobs.batch', {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'tick', namespace: 'default' },
      spec: { schedule: '*/1 * * * *', jobTemplate: { spec: { template: podTemplate } }, ...spec },
    });
  const cron = () => cluster.client.get<CronJob>('cronjobs.batch', 'default', 'tick');
  const jobs = () => cluster.client.list<Job>('jobs.batch', { namespace: 'default' });
  const minutes = (count: number) => cluster.advance(count * 60_000);

  it('starts a Job a minute, named after the minute, and keeps the latest three', async () => {
    await start(succeed);
    await createCron();
    await minutes(5);
    const last = Date.parse(cron()?.status?.lastScheduleTime ?? '') / 60_000;
    expect(jobs().map(({ metadata }) => metadata.name)).toEqual([2, 1, 0].map((ago) => `tick-${last - ago}`));
    expect(cluster.eventsOf('tick')).toEqual(
      expect.arrayContaining([
        `SuccessfulCreate: Created job tick-${last}`,
        `SawCompletedJob: Saw completed job: tick-${last}, condition: Complete`,
        `SuccessfulDelete: Deleted job tick-${last - 3}`,
      ]),
    );
    expect(cron()?.status?.lastSuccessfulTime).toBeDefined();
  });

  it.each<['Forbid' | 'Replace' | 'Allow', number]>([
    ['Forbid', 1],
    ['Replace', 1],
    ['Allow', 3],
  ])('with concurrency policy %s leaves %i Jobs of three at work', async (concurrencyPolicy, count) => {
    await start(() => ({}));
    await createCron({ concurrencyPolicy });
    await minutes(3);
    expect([jobs().length, cron()?.status?.active?.length]).toEqual([count, count]);
  });

  it('does nothing while suspended, and then only the latest run that it missed', async () => {
    await start(succeed);
    await createCron({ suspend: true });
    await minutes(5);
    expect(jobs()).toEqual([]);
    await cluster.client.mergePatch('cronjobs.batch', 'default', 'tick', { spec: { suspend: false } });
    await cluster.advance(10);
    expect(jobs()).toHaveLength(1);
  });
});
