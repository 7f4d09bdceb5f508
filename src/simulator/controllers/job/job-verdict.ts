import type { Job, JobCondition } from '../../api/batch-v1.generated.js';
import type { Pod } from '../../api/core-v1.generated.js';
import { findCondition } from '../shared/conditions.js';
import { parseIndexes } from './completion-indexes.js';
import { isIndexed } from './job-pods.js';
import type { JobProgress } from './job-progress.js';
import { judgeFailedPod } from './pod-failure-policy.js';

/** Why a Job ends, and how. */
export interface JobVerdict {
  outcome: 'Complete' | 'Failed';
  reason: string;
  message: string;
}

const COMPLETIONS_REACHED: JobVerdict = {
  outcome: 'Complete',
  reason: 'CompletionsReached',
  message: 'Reached expected number of succeeded pods',
};

export function isJobFinished(job: Job): boolean {
  return finishedCondition(job) !== undefined;
}

export function finishedCondition(job: Job): JobCondition | undefined {
  return job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
}

/** How the Job ends, once it was decided or is to be decided now; undefined while it goes on. */
export function judgeJob(
  job: Job,
  pods: readonly Pod[],
  progress: JobProgress,
  nowMs: number,
): JobVerdict | undefined {
  return decided(job) ?? failure(job, pods, progress, nowMs) ?? success(job, progress);
}

/** When the Job's deadline passes, ms since the epoch. */
export function deadlineMs(job: Job): number | undefined {
  const { activeDeadlineSeconds, suspend } = job.spec;
  const startTime = job.status?.startTime;
  if (activeDeadlineSeconds === undefined || startTime === undefined || suspend) return undefined;
  return Date.parse(startTime) + activeDeadlineSeconds * 1000;
}

function decided(job: Job): JobVerdict | undefined {
  const { conditions } = job.status ?? {};
  const failed = findCondition(conditions, 'FailureTarget');
  const met = findCondition(conditions, 'SuccessCriteriaMet');
  const condition = failed ?? met;
  if (condition?.status !== 'True') return undefined;
  const { reason = '', message = '' } = condition;
  return { outcome: failed ? 'Failed' : 'Complete', reason, message };
}

function failure(
  job: Job,
  pods: readonly Pod[],
  progress: JobProgress,
  nowMs: number,
): JobVerdict | undefined {
  const failed = (reason: string, message: string): JobVerdict => ({ outcome: 'Failed', reason, message });
  const fatal = progress.newlyFailed
    .map((pod) => judgeFailedPod(job, pod))
    .find(({ action }) => action === 'FailJob');
  if (fatal) return failed('PodFailurePolicy', fatal.message);

  const limit = job.spec.backoffLimit ?? 6;
  if (progress.failed > limit || restartedTooOften(job, pods, limit)) {
    return failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const deadline = deadlineMs(job);
  if (deadline !== undefined && deadline <= nowMs) {
    return failed('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  const failedIndexes = progress.failedIndexes.size;
  if (job.spec.maxFailedIndexes !== undefined && failedIndexes > job.spec.maxFailedIndexes) {
    return failed(
      'MaxFailedIndexesExceeded',
      'Job has exceeded the specified maximal number of failed indexes',
    );
  }
  const allEnded =
    failedIndexes > 0 && failedIndexes + progress.succeededIndexes.size >= (job.spec.completions ?? 0);
  return allEnded ? failed('FailedIndexes', 'Job has failed indexes') : undefined;
}

/** Containers that are restarted in place count too. */
function restartedTooOften(job: Job, pods: readonly Pod[], limit: number): boolean {
  if (job.spec.template.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = pods
    .filter((pod) => pod.status?.phase === 'Running' || pod.status?.phase === 'Pending')
    .flatMap((pod) => [
      ...(pod.status?.initContainerStatuses ?? []),
      ...(pod.status?.containerStatuses ?? []),
    ])
    .reduce((sum, status) => sum + status.restartCount, 0);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function success(job: Job, progress: JobProgress): JobVerdict | undefined {
  const policy = succeededByPolicy(job, progress);
  if (policy) return policy;
  const { completions } = job.spec;
  if (completions === undefined) {
    return progress.succeeded > 0 && progress.active.length === 0 ? COMPLETIONS_REACHED : undefined;
  }
  return progress.succeeded >= completions ? COMPLETIONS_REACHED : undefined;
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/job/#success-policy */
function succeededByPolicy(job: Job, { succeededIndexes }: JobProgress): JobVerdict | undefined {
  if (!isIndexed(job)) return undefined;
  const completions = job.spec.completions ?? 0;
  for (const [index, rule] of (job.spec.successPolicy?.rules ?? []).entries()) {
    const wanted =
      rule.succeededIndexes === undefined ? undefined : parseIndexes(rule.succeededIndexes, completions);
    const reached = [...succeededIndexes].filter((succeeded) => wanted?.has(succeeded) ?? true).length;
    if (reached >= (rule.succeededCount ?? wanted?.size ?? completions)) {
      return { outcome: 'Complete', reason: 'SuccessPolicy', message: `Matched rules at index ${index}` };
    }
  }
  return undefined;
}
