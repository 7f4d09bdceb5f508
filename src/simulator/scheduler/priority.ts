import type { Pod } from '../api/core-v1.generated.js';

/** Admission resolves the pod's priority class to this number; higher is more important. */
export function priorityOf(pod: Pod): number {
  return pod.spec.priority ?? 0;
}
