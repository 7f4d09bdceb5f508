import type { Pod, PodCondition } from '../../api/core-v1.generated.js';
import { equalJson } from '../../machinery/json.js';

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** Succeeded or Failed: its containers will not run again. */
export function isPodFinished(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Counts towards a controller's replicas. */
export function isPodActive(pod: Pod): boolean {
  return !isPodFinished(pod) && pod.metadata.deletionTimestamp === undefined;
}

export function isPodTerminating(pod: Pod): boolean {
  return !isPodFinished(pod) && pod.metadata.deletionTimestamp !== undefined;
}

/** In how many milliseconds the pod will have been ready for `minReadySeconds`; 0 when it has, undefined when not ready. */
export function untilAvailableMs(pod: Pod, minReadySeconds: number, nowMs: number): number | undefined {
  const ready = podCondition(pod, 'Ready');
  if (ready?.status !== 'True') return undefined;
  if (minReadySeconds === 0) return 0;
  if (ready.lastTransitionTime === undefined) return undefined;
  return Math.max(0, Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 - nowMs);
}

export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  return untilAvailableMs(pod, minReadySeconds, nowMs) === 0;
}

/** When the next of these pods becomes available by having been ready long enough. */
export function nextAvailabilityMs(
  pods: readonly Pod[],
  minReadySeconds: number,
  nowMs: number,
): number | undefined {
  if (minReadySeconds === 0) return undefined;
  const waits = pods
    .map((pod) => untilAvailableMs(pod, minReadySeconds, nowMs))
    .filter((wait) => wait !== undefined && wait > 0) as number[];
  return waits.length > 0 ? Math.min(...waits) : undefined;
}

/** Whether the change is none to whoever counts the pod: it lives on as before, under the same labels and owners. */
export function countsTheSame(before: Pod, now: Pod): boolean {
  return (
    before.status?.phase === now.status?.phase &&
    before.metadata.deletionTimestamp === now.metadata.deletionTimestamp &&
    isPodReady(before) === isPodReady(now) &&
    equalJson(before.metadata.labels, now.metadata.labels) &&
    equalJson(before.metadata.ownerReferences, now.metadata.ownerReferences)
  );
}
