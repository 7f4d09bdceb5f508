import type { Node, Pod } from '../../api/core-v1.generated.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { unlessGone } from '../shared/error-reason.js';
import { keyOf, splitKey } from '../shared/object-key.js';

/** How long a node may be missing before its pods are given up; it may only be re-registering. */
const QUARANTINE_MS = 40_000;

/** Removes pods that no kubelet will ever end: those of nodes that are gone. */
export function podGarbageCollector({ client }: ControllerContext): Controller {
  return {
    watches: [
      (_client, enqueue) =>
        client.watch<Node>('nodes', ({ type, object }) => {
          if (type !== 'DELETED') return;
          for (const pod of client.list<Pod>('pods')) {
            if (pod.spec.nodeName === object.metadata.name) enqueue.after(keyOf(pod), QUARANTINE_MS);
          }
        }),
      onChange<Pod>('pods', ({ type, object }) =>
        type === 'MODIFIED' && object.metadata.deletionTimestamp !== undefined && !object.spec.nodeName
          ? [keyOf(object)]
          : [],
      ),
    ],
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const pod = client.get<Pod>('pods', namespace, name);
      if (!pod) return undefined;
      const { nodeName } = pod.spec;
      const lost = nodeName
        ? !client.get('nodes', undefined, nodeName)
        : pod.metadata.deletionTimestamp !== undefined;
      if (!lost) return undefined;
      await unlessGone(
        client.delete('pods', namespace, name, { uid: pod.metadata.uid, gracePeriodSeconds: 0 }),
      );
      return undefined;
    },
  };
}
