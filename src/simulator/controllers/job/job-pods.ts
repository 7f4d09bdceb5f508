import type { Job } from '../../api/batch-v1.generated.js';
import type { Container, EnvVar, Pod } from '../../api/core-v1.generated.js';
import type { Draft } from '../../object.js';
import { podFromTemplate } from '../shared/pod-control.js';
import { isPodReady } from '../shared/pod-state.js';

/** Keeps a pod until its end was counted. https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-tracking-with-finalizers */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking';
const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index';
const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count';
const INDEX_VARIABLE: EnvVar = {
  name: 'JOB_COMPLETION_INDEX',
  valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${COMPLETION_INDEX}']` } },
};

export const isIndexed = (job: Job) => job.spec.completionMode === 'Indexed';
export const isTracked = (pod: Pod) => pod.metadata.finalizers?.includes(TRACKING_FINALIZER) ?? false;

export function completionIndex(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[COMPLETION_INDEX];
  return text === undefined ? undefined : Number.parseInt(text, 10);
}

/** How often the pod's index had failed before it was made; only counted with a back-off limit per index. */
export function indexFailures(pod: Pod): number {
  return Number.parseInt(pod.metadata.annotations?.[INDEX_FAILURES] ?? '0', 10) || 0;
}

export function jobPod(job: Job): Draft<Pod> {
  const pod = podFromTemplate(job.spec.template, job);
  pod.metadata.finalizers = [...(pod.metadata.finalizers ?? []), TRACKING_FINALIZER];
  return pod;
}

/** A pod of one completion index: it learns it from its host name, an annotation, a label and an environment variable. */
export function indexedJobPod(job: Job, index: number, failuresOfIndex: number): Draft<Pod> {
  const pod = jobPod(job);
  const { name } = job.metadata;
  pod.metadata.generateName = `${name}-${index}-`;
  pod.metadata.labels = { ...pod.metadata.labels, [COMPLETION_INDEX]: String(index) };
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [COMPLETION_INDEX]: String(index),
    ...(job.spec.backoffLimitPerIndex !== undefined && { [INDEX_FAILURES]: String(failuresOfIndex) }),
  };
  const withIndex = (container: Container): Container =>
    container.env?.some((variable) => variable.name === INDEX_VARIABLE.name)
      ? container
      : { ...container, env: [...(container.env ?? []), INDEX_VARIABLE] };
  pod.spec = {
    ...pod.spec,
    hostname: `${name}-${index}`,
    containers: pod.spec.containers.map(withIndex),
    ...(pod.spec.initContainers && { initContainers: pod.spec.initContainers.map(withIndex) }),
  };
  return pod;
}

/** Failed, or on its way out without having succeeded, unless the Job wants to wait for the phase. */
export function hasFailed(job: Job, pod: Pod): boolean {
  if (pod.status?.phase === 'Failed') return true;
  if (job.spec.podReplacementPolicy === 'Failed' || job.spec.podFailurePolicy) return false;
  return pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded';
}

/** When the last container ended, ms. */
export function finishedAtMs(pod: Pod): number {
  const ends = (pod.status?.containerStatuses ?? []).flatMap(
    (status) => status.state?.terminated?.finishedAt ?? [],
  );
  const fallback = pod.metadata.deletionTimestamp ?? pod.metadata.creationTimestamp;
  return Math.max(...(ends.length > 0 ? ends : [fallback]).map((time) => Date.parse(time)));
}

/** The pods that a scale-down takes first: those that got least far. */
export function leastAdvanced(pods: readonly Pod[], count: number): Pod[] {
  const progress = (pod: Pod) =>
    (pod.spec.nodeName ? 4 : 0) + (pod.status?.phase === 'Running' ? 2 : 0) + (isPodReady(pod) ? 1 : 0);
  return [...pods]
    .sort(
      (a, b) =>
        progress(a) - progress(b) || (a.metadata.creationTimestamp > b.metadata.creationTimestamp ? -1 : 1),
    )
    .slice(0, count);
}
