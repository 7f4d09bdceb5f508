import type { Node, Pod, Taint } from '../../api/core-v1.generated.js';
import { timestamp } from '../../clock/clock.js';
import { equalJson } from '../../machinery/json.js';
import { tolerates } from '../../scheduler/filters/taints.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { unlessGone } from '../shared/error-reason.js';
import { keyOf, splitKey } from '../shared/object-key.js';

const EVENT_SOURCE = 'taint-eviction-controller';

/** Deletes pods from nodes with a NoExecute taint when their toleration ends, or at once. */
export function taintEvictionController({ client, clock }: ControllerContext): Controller {
  return {
    watches: [
      onChange<Node>('nodes', ({ type, object, previous }) =>
        type === 'DELETED' || equalJson(previous?.spec.taints, object.spec.taints)
          ? []
          : client
              .list<Pod>('pods')
              .filter(({ spec }) => spec.nodeName === object.metadata.name)
              .map(keyOf),
      ),
      onChange<Pod>('pods', ({ type, object, previous }) => {
        if (type === 'DELETED' || !object.spec.nodeName) return [];
        const unmoved = previous?.spec.nodeName === object.spec.nodeName;
        return unmoved && equalJson(previous.spec.tolerations, object.spec.tolerations)
          ? []
          : [keyOf(object)];
      }),
    ],
    reconcile,
  };

  async function reconcile(key: string) {
    const { namespace, name } = splitKey(key);
    const pod = client.get<Pod>('pods', namespace, name);
    if (!pod?.spec.nodeName || pod.metadata.deletionTimestamp !== undefined) return undefined;
    const node = client.get<Node>('nodes', undefined, pod.spec.nodeName);
    const taints = (node?.spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
    const waitMs = Math.min(...taints.map((taint) => toleratedForMs(pod, taint)));
    if (waitMs === Number.POSITIVE_INFINITY) return undefined;
    if (waitMs > 0) return waitMs;
    await evict(pod);
    return undefined;
  }

  /** How much longer the pod puts up with the taint; 0 when it does not, infinity when for good. */
  function toleratedForMs(pod: Pod, taint: Taint): number {
    const matching = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
    if (matching.length === 0) return 0;
    const seconds = matching.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? []);
    if (seconds.length === 0) return Number.POSITIVE_INFINITY;
    const since = taint.timeAdded === undefined ? clock.now() : Date.parse(taint.timeAdded);
    return Math.max(0, since + Math.max(0, Math.min(...seconds)) * 1000 - clock.now());
  }

  async function evict(pod: Pod): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    const message = `Marking for deletion Pod ${namespace}/${name}`;
    client.note({
      about: pod,
      type: 'Normal',
      reason: 'TaintManagerEviction',
      message,
      source: EVENT_SOURCE,
    });
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      lastTransitionTime: timestamp(clock),
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    };
    const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== condition.type);
    const status = { conditions: [...others, condition] };
    await unlessGone(client.mergePatch('pods', namespace, name, { metadata: { uid }, status }, 'status'));
    await unlessGone(client.delete('pods', namespace, name, { uid }));
  }
}
