import type { Pod } from '../api/core-v1.generated.js';
import type { Clock, Timer } from '../clock/clock.js';
import { priorityOf } from './priority.js';

/** https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/#kubescheduler-config-k8s-io-v1-KubeSchedulerConfiguration */
const FIRST_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 10_000;

interface Waiting {
  pod: Pod;
  attempts: number;
  /** Before this time it is not tried again, ms. */
  notBeforeMs: number;
  /** Something changed since it was tried. */
  due: boolean;
}

/**
 * Pods to be scheduled: those to try now, highest priority first and then oldest, and those that fitted nowhere and wait
 * until something changes in the cluster.
 */
export class SchedulingQueue {
  private readonly active = new Map<string, Waiting>();
  private readonly unschedulable = new Map<string, Waiting>();
  private sorted: Waiting[] = [];
  private backoff: Timer | undefined;

  /** `onReady` is called when there may be a pod to take. */
  constructor(
    private readonly clock: Clock,
    private readonly onReady: () => void,
  ) {}

  /** Whether there is a pod to take. */
  get hasActive(): boolean {
    return this.active.size > 0;
  }

  /** A new pod, or a newer state of a waiting one, which is a reason to try it again. */
  put(pod: Pod, changed: boolean): void {
    const { uid } = pod.metadata;
    const failed = this.unschedulable.get(uid);
    if (failed) failed.pod = pod;
    const known = this.active.get(uid);
    if (known) known.pod = pod;
    else if (!failed) this.activate({ pod, attempts: 0, notBeforeMs: 0, due: true });
    else if (changed) this.retry(({ metadata }) => metadata.uid === uid);
  }

  remove(uid: string): void {
    this.active.delete(uid);
    this.unschedulable.delete(uid);
  }

  /** The next pod to try, with how often it was tried. */
  take(): { pod: Pod; attempts: number } | undefined {
    if (this.sorted.length === 0) this.sorted = [...this.active.values()].sort(lastToTryFirst);
    for (let next = this.sorted.pop(); next; next = this.sorted.pop()) {
      if (this.active.delete(next.pod.metadata.uid)) return next;
    }
    return undefined;
  }

  /** The pod fitted nowhere; it waits for a change, and at least for its back-off. */
  putBack(pod: Pod, attempts: number): void {
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** attempts, MAX_BACKOFF_MS);
    const notBeforeMs = this.clock.now() + backoffMs;
    this.unschedulable.set(pod.metadata.uid, { pod, attempts: attempts + 1, notBeforeMs, due: false });
  }

  /** The pod has its node but waits for something there; any change is a reason to look again at once. */
  park(pod: Pod): void {
    this.unschedulable.set(pod.metadata.uid, { pod, attempts: 0, notBeforeMs: 0, due: false });
  }

  /** Something changed that may help these waiting pods: they are tried again, as soon as their back-off is over. */
  retry(concerns: (pod: Pod) => boolean = () => true): void {
    for (const waiting of this.unschedulable.values()) waiting.due ||= concerns(waiting.pod);
    this.activateDue();
  }

  stop(): void {
    this.backoff?.cancel();
    this.active.clear();
    this.unschedulable.clear();
  }

  private activateDue(): void {
    const now = this.clock.now();
    let soonest = Number.POSITIVE_INFINITY;
    for (const [uid, waiting] of this.unschedulable) {
      if (!waiting.due) continue;
      if (waiting.notBeforeMs > now) {
        soonest = Math.min(soonest, waiting.notBeforeMs);
        continue;
      }
      this.unschedulable.delete(uid);
      this.activate(waiting);
    }
    if (soonest === Number.POSITIVE_INFINITY || this.backoff) return;
    this.backoff = this.clock.schedule(soonest - now, () => {
      this.backoff = undefined;
      this.activateDue();
    });
  }

  private activate(waiting: Waiting): void {
    this.active.set(waiting.pod.metadata.uid, waiting);
    this.sorted = [];
    this.onReady();
  }
}

/** The array is emptied from its end. */
function lastToTryFirst(a: Waiting, b: Waiting): number {
  const difference = priorityOf(a.pod) - priorityOf(b.pod);
  if (difference !== 0) return difference;
  return a.pod.metadata.creationTimestamp > b.pod.metadata.creationTimestamp ? -1 : 1;
}
