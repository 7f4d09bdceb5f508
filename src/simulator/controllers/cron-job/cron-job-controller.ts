import type { CronJob, CronJobStatus, Job } from '../../api/batch-v1.generated.js';
import { equalJson } from '../../machinery/json.js';
import type { Draft } from '../../object.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { finishedCondition } from '../job/job-verdict.js';
import { hasReason, unlessGone } from '../shared/error-reason.js';
import { keyFor, keyOf, splitKey } from '../shared/object-key.js';
import {
  controllerNamed,
  controllerOf,
  controllerReference,
  isControlledBy,
} from '../shared/owner-references.js';
import { dueRun, untilNextRunMs } from './schedule.js';

const EVENT_SOURCE = 'cronjob-controller';
const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/**
 * Starts each CronJob's Jobs when they are due, and tidies up finished ones.
 * https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
 */
export function cronJobController({ client, clock }: ControllerContext): Controller {
  return {
    watches: [
      onChange<CronJob>('cronjobs.batch', ({ type, object }) => (type === 'DELETED' ? [] : [keyOf(object)])),
      onChange<Job>('jobs.batch', ({ object }) => {
        const name = controllerNamed(object, 'CronJob', 'batch');
        return name === undefined ? [] : [keyFor(object.metadata.namespace, name)];
      }),
    ],
    reconcile,
  };

  async function reconcile(key: string) {
    const { namespace, name } = splitKey(key);
    const stored = client.get<CronJob>('cronjobs.batch', namespace, name);
    if (!stored) return undefined;
    const jobs = client
      .ownedBy<Job>('jobs.batch', stored.metadata.uid)
      .filter((job) => isControlledBy(job, stored));
    await deleteOldJobs(stored, jobs);
    const cronJob = await write(stored, withoutFinished(stored, jobs));
    if (cronJob.metadata.deletionTimestamp !== undefined || cronJob.spec.suspend) return undefined;
    return startWhenDue(cronJob);
  }

  /** Drops finished and vanished Jobs from the active ones, and notes when one last succeeded. */
  function withoutFinished(cronJob: CronJob, jobs: Job[]): CronJobStatus {
    const { active = [], lastSuccessfulTime, ...status } = cronJob.status ?? {};
    const present = new Map(jobs.map((job) => [job.metadata.uid, job]));
    const stillActive = active.filter(({ uid, name }) => {
      const job = present.get(uid ?? '');
      if (!job) {
        note(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`);
        return false;
      }
      const finished = finishedCondition(job);
      if (finished) {
        const message = `Saw completed job: ${name}, condition: ${finished.type}`;
        note(cronJob, 'Normal', 'SawCompletedJob', message);
      }
      return !finished;
    });
    for (const { metadata } of jobs.filter((job) => !finishedCondition(job))) {
      if (active.some(({ uid }) => uid === metadata.uid)) continue;
      const message = `Saw a job that the controller did not create or forgot: ${metadata.name}`;
      note(cronJob, 'Warning', 'UnexpectedJob', message);
    }
    const successes = jobs
      .filter((job) => finishedCondition(job)?.type === 'Complete')
      .flatMap((job) => job.status?.completionTime ?? []);
    const latest = [...(lastSuccessfulTime ? [lastSuccessfulTime] : []), ...successes].sort().at(-1);
    return {
      ...status,
      ...(stillActive.length > 0 && { active: stillActive }),
      ...(latest !== undefined && { lastSuccessfulTime: latest }),
    };
  }

  async function startWhenDue(cronJob: CronJob): Promise<number | undefined> {
    const again = () => untilNextRunMs(cronJob, clock.now());
    const { scheduledMs, tooManyMissed } = dueRun(cronJob, clock.now());
    if (tooManyMissed) {
      const message =
        'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
      note(cronJob, 'Warning', 'TooManyMissedTimes', message);
    }
    if (scheduledMs === undefined) return again();
    const { startingDeadlineSeconds, concurrencyPolicy } = cronJob.spec;
    if (startingDeadlineSeconds !== undefined && scheduledMs + startingDeadlineSeconds * 1000 < clock.now()) {
      const message = `Missed scheduled time to start a job: ${new Date(scheduledMs).toUTCString()}`;
      note(cronJob, 'Warning', 'MissSchedule', message);
      return again();
    }
    const active = cronJob.status?.active ?? [];
    if (active.some(({ name }) => name === jobName(cronJob, scheduledMs))) return again();
    if (concurrencyPolicy === 'Forbid' && active.length > 0) {
      const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
      note(cronJob, 'Normal', 'JobAlreadyActive', message);
      return again();
    }
    if (concurrencyPolicy === 'Replace') {
      for (const { name = '' } of active) await deleteJob(cronJob, name);
    }
    const job = await createJob(cronJob, scheduledMs);
    const running = concurrencyPolicy === 'Replace' ? [] : active;
    await write(cronJob, {
      ...cronJob.status,
      ...(job ? { active: [...running, referenceTo(job)] } : {}),
      lastScheduleTime: rfc3339(scheduledMs),
    });
    return again();
  }

  /** The Job of this time; undefined when its name is taken by one that is not ours or has finished. */
  async function createJob(cronJob: CronJob, scheduledMs: number): Promise<Job | undefined> {
    const draft = jobOf(cronJob, scheduledMs);
    try {
      const job = await client.create<Job>('jobs.batch', draft);
      note(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`);
      return job;
    } catch (error) {
      if (hasReason(error, 'AlreadyExists')) {
        const taken = client.get<Job>('jobs.batch', cronJob.metadata.namespace, draft.metadata.name ?? '');
        const ours = taken && controllerOf(taken)?.uid === cronJob.metadata.uid;
        return ours && !finishedCondition(taken) ? taken : undefined;
      }
      const why = error instanceof Error ? error.message : String(error);
      note(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${why}`);
      throw error;
    }
  }

  /** Keeps only as many finished Jobs as the history limits say, the latest. */
  async function deleteOldJobs(cronJob: CronJob, jobs: Job[]): Promise<void> {
    const { successfulJobsHistoryLimit: successful, failedJobsHistoryLimit: failed } = cronJob.spec;
    const limits = { Complete: successful, Failed: failed };
    for (const [type, limit] of Object.entries(limits)) {
      if (limit === undefined) continue;
      const ended = jobs.filter((job) => finishedCondition(job)?.type === type).sort(byStart);
      for (const { metadata } of ended.slice(0, Math.max(0, ended.length - limit))) {
        await deleteJob(cronJob, metadata.name);
      }
    }
  }

  async function deleteJob(cronJob: CronJob, name: string): Promise<void> {
    await unlessGone(client.delete('jobs.batch', cronJob.metadata.namespace, name));
    note(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`);
  }

  async function write(cronJob: CronJob, status: CronJobStatus): Promise<CronJob> {
    if (equalJson(cronJob.status ?? {}, status)) return cronJob;
    return client.updateStatus('cronjobs.batch', { ...cronJob, status });
  }

  function note(about: CronJob, type: 'Normal' | 'Warning', reason: string, message: string): void {
    client.note({ about, type, reason, message, source: EVENT_SOURCE });
  }
}

/** The scheduled time in minutes makes a second Job of the same run impossible. */
function jobName({ metadata: { name } }: CronJob, scheduledMs: number): string {
  return `${name}-${Math.floor(scheduledMs / 60_000)}`;
}

function jobOf(cronJob: CronJob, scheduledMs: number): Draft<Job> {
  const { metadata = {} as Partial<Job['metadata']>, spec = { template: {} } } = cronJob.spec.jobTemplate;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName(cronJob, scheduledMs),
      namespace: cronJob.metadata.namespace,
      ...(metadata.labels && { labels: { ...metadata.labels } }),
      annotations: { ...metadata.annotations, [SCHEDULED_AT]: rfc3339(scheduledMs) },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec: structuredClone(spec),
  };
}

function referenceTo({ metadata: { name, namespace, uid, resourceVersion } }: Job) {
  return { apiVersion: 'batch/v1', kind: 'Job', name, namespace, resourceVersion, uid };
}

const rfc3339 = (timeMs: number) => new Date(timeMs).toISOString().replace('.000Z', 'Z');

const byStart = (a: Job, b: Job) => ((a.status?.startTime ?? '') < (b.status?.startTime ?? '') ? -1 : 1);
