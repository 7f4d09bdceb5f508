import type { Pod } from '../../api/core-v1.generated.js';
import { qosClassOf } from './pod-qos.js';
import type { Strategy, Working } from './strategy.js';

const asPod = (object: Working) => object as unknown as Pod;
const DEFAULT_GRACE_SECONDS = 30;

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ */
export const pods: Strategy = {
  prepareForCreate(object) {
    object['status'] = { phase: 'Pending', qosClass: qosClassOf(asPod(object).spec) };
  },
  prepareForStatusUpdate(next) {
    const pod = asPod(next);
    if (pod.status && pod.status.qosClass === undefined) pod.status.qosClass = qosClassOf(pod.spec);
  },
  gracePeriodSeconds(object, requested) {
    const { spec, status } = asPod(object);
    // Nothing runs yet or any more: there is no kubelet to wait for.
    if (!spec?.nodeName || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0;
    const seconds = requested ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
    return seconds < 0 ? 1 : seconds;
  },
};
