import type { Job, JobCondition, JobStatus } from '../../api/batch-v1.generated.js';
import type { Pod } from '../../api/core-v1.generated.js';
import { timestamp } from '../../clock/clock.js';
import { equalJson } from '../../machinery/json.js';
import { selectorFrom, selectorMatches } from '../../machinery/label-selector.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { byLabels, claimPods, ownersConcerned } from '../shared/claim-pods.js';
import { findCondition, withCondition } from '../shared/conditions.js';
import { unlessGone } from '../shared/error-reason.js';
import { keyOf, splitKey } from '../shared/object-key.js';
import { controllerNamed, controllerOf } from '../shared/owner-references.js';
import { BURST_REPLICAS, PodControl } from '../shared/pod-control.js';
import {
  completionIndex,
  indexedJobPod,
  indexFailures,
  isIndexed,
  isTracked,
  jobPod,
  leastAdvanced,
  TRACKING_FINALIZER,
} from './job-pods.js';
import { type JobProgress, progressOf, withCounted, withUncounted } from './job-progress.js';
import { deadlineMs, isJobFinished, type JobVerdict, judgeJob } from './job-verdict.js';
import { replacementDelayMs } from './pod-backoff.js';

const EVENT_SOURCE = 'job-controller';

/** Keys of pods that outlived their Job and are still held by the tracking finalizer. */
const STRAY = 'stray-pod:';

/**
 * Runs each Job's pods until enough have succeeded, or too many have failed.
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/
 */
export function jobController(context: ControllerContext): Controller {
  const { client, clock } = context;
  const pods = new PodControl(client, EVENT_SOURCE);

  return {
    watches: [
      onChange<Job>('jobs.batch', ({ type, object }) =>
        type === 'DELETED' ? straysOf(object) : [keyOf(object)],
      ),
      onChange<Pod>('pods', (event) => [
        ...ownersConcerned(event, (pod) => controllerNamed(pod, 'Job', 'batch'), jobsThatMatch),
        ...(event.type !== 'DELETED' && isStray(event.object) ? [STRAY + keyOf(event.object)] : []),
      ]),
    ],
    reconcile: (key) => (key.startsWith(STRAY) ? releaseStray(key.slice(STRAY.length)) : reconcileJob(key)),
  };

  function jobsThatMatch(pod: Pod): string[] {
    const { namespace, labels = {} } = pod.metadata;
    return client
      .list<Job>('jobs.batch', { ...(namespace !== undefined && { namespace }) })
      .filter(({ spec: { selector } }) => selector && selectorMatches(selectorFrom(selector), labels))
      .map(keyOf);
  }

  async function reconcileJob(key: string) {
    const { namespace, name } = splitKey(key);
    const stored = client.get<Job>('jobs.batch', namespace, name);
    if (!stored || isJobFinished(stored) || stored.spec.managedBy) return undefined;
    const owned = await claimPods(context, stored, byLabels(selectorFrom(stored.spec.selector)));

    const job = started(stored);
    const progress = progressOf(job, owned);
    const verdict = judgeJob(job, owned, progress, clock.now());
    const going = job.metadata.deletionTimestamp !== undefined;
    const change = going ? {} : await manage(job, owned, progress, verdict);
    const counted = await count(job, progress, verdict);
    await conclude(counted, verdict);

    const deadline = deadlineMs(job);
    const waits = [change.waitMs, deadline === undefined || verdict ? undefined : deadline - clock.now()];
    const known = waits.filter((wait) => wait !== undefined);
    if (change.error !== undefined) throw change.error;
    return known.length > 0 ? Math.min(...known) : undefined;
  }

  /** The Job with its start time, which begins anew when it is resumed. */
  function started(job: Job): Job {
    if (job.spec.suspend || job.status?.startTime !== undefined) return job;
    return { ...job, status: { ...job.status, startTime: timestamp(clock) } };
  }

  /** Creates and deletes pods; answers when to come back for what has to wait. */
  async function manage(
    job: Job,
    owned: Pod[],
    progress: JobProgress,
    verdict: JobVerdict | undefined,
  ): Promise<{ waitMs?: number; error?: unknown }> {
    const { active } = progress;
    if (verdict) {
      await pods.deleteAll(active, job);
      return {};
    }
    const surplus = active.length - (job.spec.suspend ? 0 : wantedActive(job, progress));
    if (surplus > 0) await deleteUncounted(job, leastAdvanced(active, surplus));
    if (job.spec.suspend) return {};
    const terminating = job.spec.podReplacementPolicy === 'Failed' ? progress.terminating : 0;
    const missing = Math.min(-surplus - terminating, BURST_REPLICAS);
    if (missing <= 0) return {};

    const waitMs = replacementDelayMs(owned, clock.now());
    if (waitMs > 0 && job.spec.backoffLimitPerIndex === undefined) return { waitMs };
    const indexes = isIndexed(job) ? freeIndexes(job, progress, missing) : undefined;
    const make = (index: number) => {
      const completion = indexes?.[index];
      return completion === undefined
        ? jobPod(job)
        : indexedJobPod(job, completion, failuresOf(owned, completion));
    };
    const { error } = await pods.createInBatches(indexes?.length ?? missing, make, job);
    return error === undefined ? {} : { error };
  }

  /** Pods that are taken back are no failures: they lose their tracking finalizer first. */
  async function deleteUncounted(job: Job, surplus: Pod[]): Promise<void> {
    await Promise.all(surplus.map(release));
    await pods.deleteAll(surplus, job);
  }

  /** First remembers which pods ended, then lets them go, then counts them: no end is lost or counted twice. */
  async function count(stored: Job, progress: JobProgress, verdict: JobVerdict | undefined): Promise<Job> {
    const remembered = withActivity({ ...stored, status: withUncounted(stored, progress) }, verdict);
    const job = await write(stored, remembered);
    const ended = [...progress.newlySucceeded, ...progress.newlyFailed];
    const owned = client.ownedBy<Pod>('pods', job.metadata.uid);
    const uncounted = job.status?.uncountedTerminatedPods ?? {};
    const releasable = new Set([
      ...ended.map((pod) => pod.metadata.uid),
      ...(uncounted.succeeded ?? []),
      ...(uncounted.failed ?? []),
    ]);
    await Promise.all(
      owned.filter((pod) => isTracked(pod) && releasable.has(pod.metadata.uid)).map((pod) => release(pod)),
    );
    const held = new Set(
      client
        .ownedBy<Pod>('pods', job.metadata.uid)
        .filter(isTracked)
        .map((pod) => pod.metadata.uid),
    );
    return withActivity({ ...job, status: withCounted(job, (uid) => held.has(uid)) }, verdict);
  }

  /** Writes the counts, and the final condition once no pod runs any more. */
  async function conclude(job: Job, verdict: JobVerdict | undefined): Promise<void> {
    const { active = 0, terminating = 0, uncountedTerminatedPods = {} } = job.status ?? {};
    const { succeeded = [], failed = [] } = uncountedTerminatedPods;
    const settled = active + terminating + succeeded.length + failed.length === 0;
    const before = client.get<Job>('jobs.batch', job.metadata.namespace, job.metadata.name);
    if (!before || before.metadata.uid !== job.metadata.uid) return;
    if (!verdict || !settled) {
      await write(before, job);
      return;
    }
    const { outcome, reason, message } = verdict;
    const done = withJobCondition(job, outcome, 'True', reason, message);
    const completed = outcome === 'Complete' && { completionTime: timestamp(clock) };
    await write(before, { ...done, status: { ...done.status, ...completed } });
    if (outcome === 'Complete') note(job, 'Normal', 'Completed', 'Job completed');
    else note(job, 'Warning', reason, message);
  }

  /** The counts of running pods, whether the Job is suspended, and what was decided about its end. */
  function withActivity(job: Job, verdict: JobVerdict | undefined): Job {
    const owned = client.ownedBy<Pod>('pods', job.metadata.uid);
    const { active: running, ready, terminating } = progressOf(job, owned);
    const { active: _, ...status } = job.status ?? {};
    const counts = { ...(running.length > 0 && { active: running.length }), ready, terminating };
    const counted = { ...job, status: { ...status, ...counts } };
    if (verdict) {
      const type = verdict.outcome === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
      return withJobCondition(counted, type, 'True', verdict.reason, verdict.message);
    }
    return withSuspension(counted);
  }

  function withSuspension(job: Job): Job {
    const suspended = findCondition(job.status?.conditions, 'Suspended')?.status === 'True';
    if ((job.spec.suspend ?? false) === suspended) return job;
    if (suspended) {
      const resumed = withJobCondition(job, 'Suspended', 'False', 'JobResumed', 'Job resumed');
      note(job, 'Normal', 'Resumed', 'Job resumed');
      return { ...resumed, status: { ...resumed.status, startTime: timestamp(clock) } };
    }
    note(job, 'Normal', 'Suspended', 'Job suspended');
    const { startTime: _, ...status } = job.status ?? {};
    return withJobCondition({ ...job, status }, 'Suspended', 'True', 'JobSuspended', 'Job suspended');
  }

  function withJobCondition(
    job: Job,
    type: string,
    status: 'True' | 'False',
    reason: string,
    message: string,
  ): Job {
    const now = timestamp(clock);
    const condition: JobCondition = {
      type,
      status,
      lastProbeTime: now,
      lastTransitionTime: now,
      reason,
      message,
    };
    const conditions = withCondition(job.status?.conditions ?? [], condition);
    return { ...job, status: { ...job.status, conditions } };
  }

  async function write(before: Job, after: Job): Promise<Job> {
    const status: JobStatus = after.status ?? {};
    if (
      equalJson(
        client.get<Job>('jobs.batch', before.metadata.namespace, before.metadata.name)?.status,
        status,
      )
    ) {
      return after;
    }
    return client.updateStatus('jobs.batch', { ...before, status });
  }

  async function release(pod: Pod): Promise<void> {
    const { namespace, name, uid, finalizers = [] } = pod.metadata;
    await unlessGone(
      client.mergePatch('pods', namespace, name, {
        metadata: { uid, finalizers: finalizers.filter((finalizer) => finalizer !== TRACKING_FINALIZER) },
      }),
    );
  }

  function isStray(pod: Pod): boolean {
    if (!isTracked(pod)) return false;
    const name = controllerNamed(pod, 'Job', 'batch');
    const job = name === undefined ? undefined : client.get<Job>('jobs.batch', pod.metadata.namespace, name);
    return job === undefined || job.metadata.uid !== controllerOf(pod)?.uid || isJobFinished(job);
  }

  function straysOf(job: Job): string[] {
    return client
      .ownedBy<Pod>('pods', job.metadata.uid)
      .filter(isTracked)
      .map((pod) => STRAY + keyOf(pod));
  }

  async function releaseStray(key: string) {
    const { namespace, name } = splitKey(key);
    const pod = client.get<Pod>('pods', namespace, name);
    if (pod && isStray(pod)) await release(pod);
    return undefined;
  }

  function note(about: Job, type: 'Normal' | 'Warning', reason: string, message: string): void {
    client.note({ about, type, reason, message, source: EVENT_SOURCE });
  }
}

/** How many pods should run now. Without a number of completions no new ones start once one has succeeded. */
function wantedActive(job: Job, progress: JobProgress): number {
  const { parallelism = 1, completions } = job.spec;
  if (completions === undefined) return progress.succeeded > 0 ? progress.active.length : parallelism;
  const open = completions - progress.succeeded - progress.failedIndexes.size;
  return Math.max(0, Math.min(open, parallelism));
}

/** The lowest indexes that have neither succeeded, nor failed for good, nor a pod at work. */
function freeIndexes(job: Job, progress: JobProgress, count: number): number[] {
  const taken = new Set([...progress.succeededIndexes, ...progress.failedIndexes]);
  for (const pod of progress.active) {
    const index = completionIndex(pod);
    if (index !== undefined) taken.add(index);
  }
  const free: number[] = [];
  for (let index = 0; index < (job.spec.completions ?? 0) && free.length < count; index++) {
    if (!taken.has(index)) free.push(index);
  }
  return free;
}

function failuresOf(pods: readonly Pod[], index: number): number {
  const failed = pods.filter((pod) => completionIndex(pod) === index && pod.status?.phase === 'Failed');
  return failed.length === 0 ? 0 : Math.max(...failed.map(indexFailures)) + 1;
}
