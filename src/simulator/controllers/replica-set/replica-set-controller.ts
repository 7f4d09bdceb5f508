import type { Pod } from '../../api/core-v1.generated.js';
import { selectorMatches } from '../../machinery/label-selector.js';
import type { Controller, ControllerContext } from '../controller.js';
import { onChange } from '../controller.js';
import { byLabels, claimPods, ownersConcerned } from '../shared/claim-pods.js';
import { keyOf, splitKey } from '../shared/object-key.js';
import { controllerNamed, controllerOf } from '../shared/owner-references.js';
import { BURST_REPLICAS, PodControl, podFromTemplate } from '../shared/pod-control.js';
import { countsTheSame, isPodActive, isPodTerminating, nextAvailabilityMs } from '../shared/pod-state.js';
import { choosePodsToDelete } from './deletion-order.js';
import { replicaStatus, writeReplicaStatus } from './replica-status.js';
import {
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  type Replicated,
  type ReplicatedKind,
} from './replicated-kind.js';

/** Keeps as many pods as each ReplicaSet asks for. */
export const replicaSetController = (context: ControllerContext) =>
  replicatedController(context, REPLICA_SETS);

/** The same for ReplicationControllers. */
export const replicationController = (context: ControllerContext) =>
  replicatedController(context, REPLICATION_CONTROLLERS);

function replicatedController(context: ControllerContext, kind: ReplicatedKind): Controller {
  const { client, clock } = context;
  const pods = new PodControl(client, kind.controllerName);

  return {
    watches: [
      onChange<Replicated>(kind.resource, ({ object }) => [keyOf(object)]),
      onChange<Pod>('pods', (event) =>
        event.type === 'MODIFIED' && event.previous && countsTheSame(event.previous, event.object)
          ? []
          : ownersConcerned(event, (pod) => controllerNamed(pod, kind.kind, kind.group), ownersThatMatch),
      ),
    ],
    reconcile,
  };

  function ownersThatMatch(pod: Pod): string[] {
    const { namespace, labels = {} } = pod.metadata;
    return client
      .list<Replicated>(kind.resource, { ...(namespace !== undefined && { namespace }) })
      .filter((owner) => selectorMatches(kind.selectorOf(owner), labels))
      .map(keyOf);
  }

  async function reconcile(key: string) {
    const { namespace, name } = splitKey(key);
    const owner = client.get<Replicated>(kind.resource, namespace, name);
    if (!owner) return undefined;
    const claimed = await claimPods(context, owner, byLabels(kind.selectorOf(owner)));
    const active = claimed.filter(isPodActive);
    const terminating = claimed.filter(isPodTerminating).length;

    const failure = owner.metadata.deletionTimestamp === undefined ? await adjust(owner, active) : undefined;

    const status = replicaStatus(kind, owner, { active, terminating, failure: failure?.error }, clock);
    await writeReplicaStatus(client, kind, owner, status);
    if (failure) throw failure.error;
    return nextAvailabilityMs(active, owner.spec.minReadySeconds ?? 0, clock.now());
  }

  /** Creates what is missing or deletes what is too much. A namespace on its way out is no failure. */
  async function adjust(owner: Replicated, active: Pod[]): Promise<{ error: unknown } | undefined> {
    const missing = (owner.spec.replicas ?? 1) - active.length;
    if (missing > 0) {
      const template = owner.spec.template ?? {};
      const make = () => podFromTemplate(template, owner);
      const { error } = await pods.createInBatches(Math.min(missing, BURST_REPLICAS), make, owner);
      return error === undefined || isNamespaceGoing(owner) ? undefined : { error };
    }
    if (missing < 0) {
      const surplus = Math.min(-missing, BURST_REPLICAS);
      const victims = choosePodsToDelete(active, surplus, podsPerNode(owner), clock.now());
      try {
        await pods.deleteAll(victims, owner);
      } catch (error) {
        return { error };
      }
    }
    return undefined;
  }

  function isNamespaceGoing(owner: Replicated): boolean {
    const { namespace } = owner.metadata;
    return client.get('namespaces', undefined, namespace ?? '')?.metadata.deletionTimestamp !== undefined;
  }

  /** How many active pods of this owner and of its siblings (a Deployment's other ReplicaSets) each node has. */
  function podsPerNode(owner: Replicated): Map<string, number> {
    const parent = controllerOf(owner);
    const siblings = parent ? client.ownedBy<Replicated>(kind.resource, parent.uid) : [owner];
    const counts = new Map<string, number>();
    for (const sibling of siblings) {
      for (const pod of client.ownedBy<Pod>('pods', sibling.metadata.uid)) {
        const node = pod.spec.nodeName;
        if (node && isPodActive(pod)) counts.set(node, (counts.get(node) ?? 0) + 1);
      }
    }
    return counts;
  }
}
