import type { CronJob } from '../../api/batch-v1.generated.js';
import { nextRun } from '../../machinery/cron.js';

/** So many missed starts make the controller warn of a wrong clock or too long a deadline. */
const TOO_MANY_MISSED = 100;

/** After the minute has begun, so that the clock is surely past it. */
const WAKE_UP_DELAY_MS = 100;

export interface DueRun {
  /** The latest time that has come since the last run, ms. */
  scheduledMs?: number;
  tooManyMissed: boolean;
}

/** The most recent time at which the CronJob should have started a Job and has not. */
export function dueRun(cronJob: CronJob, nowMs: number): DueRun {
  const { startingDeadlineSeconds } = cronJob.spec;
  let since = Date.parse(cronJob.status?.lastScheduleTime ?? cronJob.metadata.creationTimestamp);
  if (startingDeadlineSeconds !== undefined) since = Math.max(since, nowMs - startingDeadlineSeconds * 1000);

  const first = next(cronJob, since);
  if (first === undefined || first > nowMs) return { tooManyMissed: false };
  const second = next(cronJob, first);
  if (second === undefined || second > nowMs) return { scheduledMs: first, tooManyMissed: false };

  const intervalMs = second - first;
  const missed = Math.floor((nowMs - first) / intervalMs);
  const leap = missed > TOO_MANY_MISSED ? first + (missed - 2) * intervalMs : first;
  let latest = first;
  for (let run = next(cronJob, leap); run !== undefined && run <= nowMs; run = next(cronJob, run))
    latest = run;
  return {
    scheduledMs: latest,
    tooManyMissed: missed > TOO_MANY_MISSED && startingDeadlineSeconds === undefined,
  };
}

/** How long until the next start is due. */
export function untilNextRunMs(cronJob: CronJob, nowMs: number): number | undefined {
  const run = next(cronJob, nowMs);
  return run === undefined ? undefined : run - nowMs + WAKE_UP_DELAY_MS;
}

function next({ spec: { schedule, timeZone } }: CronJob, afterMs: number): number | undefined {
  return nextRun(schedule, timeZone, afterMs);
}
