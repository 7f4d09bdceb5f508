import type { Pod } from '../../api/core-v1.generated.js';
import { finishedAtMs } from './job-pods.js';

/** https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy */
const FIRST_BACKOFF_MS = 10_000;
const MAX_BACKOFF_MS = 600_000;

/** How long to wait before failed pods are replaced: doubled with each failure since the last success. */
export function replacementDelayMs(pods: readonly Pod[], nowMs: number): number {
  const ends = pods
    .filter((pod) => pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded')
    .map((pod) => ({ failed: pod.status?.phase === 'Failed', atMs: finishedAtMs(pod) }))
    .sort((a, b) => a.atMs - b.atMs);
  const failures = ends.slice(ends.findLastIndex((end) => !end.failed) + 1);
  const last = failures.at(-1);
  if (!last) return 0;
  const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (failures.length - 1), MAX_BACKOFF_MS);
  return Math.max(0, last.atMs + backoffMs - nowMs);
}
