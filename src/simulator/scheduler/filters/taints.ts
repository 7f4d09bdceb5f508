import type { Pod, Taint, Toleration } from '../../api/core-v1.generated.js';
import { type Filter, rejectedForGood } from '../filter.js';

const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  const [ours, theirs] = [Number(toleration.value), Number(taint.value)];
  switch (toleration.operator ?? 'Equal') {
    case 'Exists':
      return true;
    case 'Gt':
      return theirs > ours;
    case 'Lt':
      return theirs < ours;
    default:
      return (toleration.value ?? '') === (taint.value ?? '');
  }
}

export function toleratesTaint(pod: Pod, taint: Taint): boolean {
  return (pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint));
}

/** Cordoned nodes take only pods that tolerate it. */
export const unschedulable: Filter = (pod) => {
  if (toleratesTaint(pod, UNSCHEDULABLE)) return undefined;
  return ({ node }) => (node.spec.unschedulable ? rejectedForGood('node(s) were unschedulable') : undefined);
};

export const taints: Filter = (pod) => (info) => {
  const untolerated = info.node.spec.taints?.find(
    (taint) => taint.effect !== 'PreferNoSchedule' && !toleratesTaint(pod, taint),
  );
  return untolerated && rejectedForGood('node(s) had untolerated taint(s)');
};
