import type { Job, JobStatus } from '../../api/batch-v1.generated.js';
import type { Pod } from '../../api/core-v1.generated.js';
import { isPodActive, isPodReady, isPodTerminating } from '../shared/pod-state.js';
import { formatIndexes, parseIndexes } from './completion-indexes.js';
import { completionIndex, hasFailed, indexFailures, isIndexed, isTracked } from './job-pods.js';
import { judgeFailedPod } from './pod-failure-policy.js';

/** Where a Job stands, from its status and its pods. Pods whose end is not in the counts yet are the newly ended ones. */
export interface JobProgress {
  active: Pod[];
  terminating: number;
  ready: number;
  succeeded: number;
  failed: number;
  succeededIndexes: Set<number>;
  failedIndexes: Set<number>;
  newlySucceeded: Pod[];
  newlyFailed: Pod[];
}

export function progressOf(job: Job, pods: readonly Pod[]): JobProgress {
  const { status = {}, spec } = job;
  const uncounted = status.uncountedTerminatedPods ?? {};
  const known = new Set([...(uncounted.succeeded ?? []), ...(uncounted.failed ?? [])]);
  const fresh = pods.filter((pod) => isTracked(pod) && !known.has(pod.metadata.uid));
  const newlySucceeded = fresh.filter((pod) => pod.status?.phase === 'Succeeded');
  const newlyFailed = fresh.filter((pod) => hasFailed(job, pod));
  const counting = newlyFailed.filter((pod) => judgeFailedPod(job, pod).action !== 'Ignore');

  const completions = spec.completions ?? 0;
  const succeededIndexes = parseIndexes(status.completedIndexes, completions);
  const failedIndexes = parseIndexes(status.failedIndexes, completions);
  if (isIndexed(job)) {
    for (const pod of newlySucceeded) addIndex(succeededIndexes, pod, completions);
    for (const pod of counting) if (endsIndex(job, pod)) addIndex(failedIndexes, pod, completions);
  }
  return {
    active: pods.filter(isPodActive),
    terminating: pods.filter(isPodTerminating).length,
    ready: pods.filter((pod) => isPodActive(pod) && isPodReady(pod)).length,
    succeeded: isIndexed(job)
      ? succeededIndexes.size
      : (status.succeeded ?? 0) + (uncounted.succeeded?.length ?? 0) + newlySucceeded.length,
    failed: (status.failed ?? 0) + (uncounted.failed?.length ?? 0) + counting.length,
    succeededIndexes,
    failedIndexes,
    newlySucceeded,
    newlyFailed,
  };
}

/** The status with the newly ended pods in its list of ends that are yet to be counted. */
export function withUncounted(job: Job, progress: JobProgress): JobStatus {
  const { uncountedTerminatedPods = {}, ...status } = job.status ?? {};
  const uids = (pods: readonly Pod[]) => pods.map((pod) => pod.metadata.uid);
  const counting = progress.newlyFailed.filter((pod) => judgeFailedPod(job, pod).action !== 'Ignore');
  const failed = [...(uncountedTerminatedPods.failed ?? []), ...uids(counting)];
  const succeeded = isIndexed(job)
    ? []
    : [...(uncountedTerminatedPods.succeeded ?? []), ...uids(progress.newlySucceeded)];
  return {
    ...status,
    ...(isIndexed(job) && { completedIndexes: formatIndexes(progress.succeededIndexes) || undefined }),
    ...(job.spec.backoffLimitPerIndex !== undefined && {
      failedIndexes: formatIndexes(progress.failedIndexes) || undefined,
    }),
    uncountedTerminatedPods: {
      ...(succeeded.length > 0 && { succeeded }),
      ...(failed.length > 0 && { failed }),
    },
  };
}

/** The status with those ends counted whose pods are no longer held by the tracking finalizer. */
export function withCounted(job: Job, isHeld: (uid: string) => boolean): JobStatus {
  const { uncountedTerminatedPods: uncounted = {}, succeeded = 0, failed = 0, ...status } = job.status ?? {};
  const held = (uids: string[] = []) => uids.filter(isHeld);
  const released = (uids: string[] = []) => uids.length - held(uids).length;
  const indexes = parseIndexes(status.completedIndexes, job.spec.completions ?? 0).size;
  const counts = {
    succeeded: isIndexed(job) ? indexes : succeeded + released(uncounted.succeeded),
    failed: failed + released(uncounted.failed),
  };
  const [stillSucceeded, stillFailed] = [held(uncounted.succeeded), held(uncounted.failed)];
  return {
    ...status,
    ...(counts.succeeded > 0 && { succeeded: counts.succeeded }),
    ...(counts.failed > 0 && { failed: counts.failed }),
    uncountedTerminatedPods: {
      ...(stillSucceeded.length > 0 && { succeeded: stillSucceeded }),
      ...(stillFailed.length > 0 && { failed: stillFailed }),
    },
  };
}

/** Whether this failure uses up what its index may fail, or the failure policy says so. */
function endsIndex(job: Job, pod: Pod): boolean {
  const limit = job.spec.backoffLimitPerIndex;
  if (limit === undefined) return false;
  return indexFailures(pod) >= limit || judgeFailedPod(job, pod).action === 'FailIndex';
}

function addIndex(indexes: Set<number>, pod: Pod, completions: number): void {
  const index = completionIndex(pod);
  if (index !== undefined && index < completions) indexes.add(index);
}
