import type { Node, Pod } from '../api/core-v1.generated.js';
import type { Client } from '../client.js';
import { type Clock, type Timer, timestamp } from '../clock/clock.js';
import { hasReason, unlessGone } from '../controllers/shared/error-reason.js';
import { isPodFinished, podCondition } from '../controllers/shared/pod-state.js';
import { equalJson } from '../machinery/json.js';
import type { KubernetesObject, ResourceName } from '../object.js';
import { bestNode } from './best-node.js';
import { ClusterState } from './cluster-state.js';
import { PodRejected } from './filter.js';
import { claimsOf, waitsForConsumer } from './filters/volumes.js';
import { findNodes } from './find-node.js';
import { unavailable, unavailableToAll, withPreemption } from './fit-message.js';
import type { NodeInfo } from './node-info.js';
import { preempt } from './preemption.js';
import { SchedulingQueue } from './scheduling-queue.js';

const NAME = 'default-scheduler';

/** Tells the provisioner for which node a volume is wanted. */
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

/** How long one turn may hold the process before other work is let through. */
const TURN_MS = 10;

/** Besides pods and nodes: what filters look at, so that a change may make a waiting pod fit. */
const OTHER_REASONS_TO_RETRY: ResourceName[] = [
  'persistentvolumes',
  'persistentvolumeclaims',
  'storageclasses.storage.k8s.io',
];

export interface SchedulerContext {
  /** Acts as `system:kube-scheduler`. */
  client: Client;
  clock: Clock;
  /** Told when a pod could not be tried for another reason than that it fits nowhere; it is tried again. */
  onError?: (error: unknown, pod: Pod) => void;
}

/**
 * Binds pods to nodes, one after the other: filters, scores, binding, or else preemption.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/
 */
export function startScheduler({ client, clock, onError }: SchedulerContext): { stop(): void } {
  const cluster = new ClusterState(client);
  const queue = new SchedulingQueue(clock, wake);
  let turn: Timer | undefined;
  let working = false;
  let stopped = false;

  const stops = [
    client.watch<Node>('nodes', ({ type, object, previous }) => {
      if (type === 'DELETED') return cluster.removeNode(object.metadata.name);
      if (previous && sameForScheduling(previous, object)) return;
      cluster.putNode(object);
      queue.retry();
    }),
    client.watch<Pod>('pods', ({ type, object, previous }) => {
      if (type === 'DELETED') return podGone(object);
      if (object.spec.nodeName) return podPlaced(object, previous);
      cluster.noteNominated(object);
      if (isMine(object)) queue.put(object, previous !== undefined && !equalJson(previous.spec, object.spec));
    }),
    ...OTHER_REASONS_TO_RETRY.map((resource) =>
      client.watch<KubernetesObject>(resource, () => queue.retry()),
    ),
  ];
  return {
    stop() {
      stopped = true;
      for (const stop of stops) stop();
      turn?.cancel();
      queue.stop();
    },
  };

  function podGone(pod: Pod): void {
    cluster.forgetNominated(pod);
    cluster.removePod(pod);
    queue.remove(pod.metadata.uid);
    queue.retry();
  }

  function podPlaced(pod: Pod, previous: Pod | undefined): void {
    cluster.forgetNominated(pod);
    cluster.putPod(pod);
    queue.remove(pod.metadata.uid);
    const placedNow = previous?.spec.nodeName === undefined;
    if (isPodFinished(pod)) queue.retry();
    else if (placedNow || !equalJson(previous.metadata.labels, pod.metadata.labels)) queue.retry(minds);
  }

  function wake(): void {
    if (working || stopped) return;
    turn ??= clock.schedule(0, () => {
      turn = undefined;
      void takeTurn();
    });
  }

  async function takeTurn(): Promise<void> {
    working = true;
    const endsAt = performance.now() + TURN_MS;
    let next = queue.take();
    for (; next && !stopped; next = performance.now() < endsAt ? queue.take() : undefined) {
      await tryPod(next.pod, next.attempts);
    }
    working = false;
    if (queue.hasActive) wake();
  }

  async function tryPod(queued: Pod, attempts: number): Promise<void> {
    const { namespace, name, uid } = queued.metadata;
    const pod = client.get<Pod>('pods', namespace, name);
    if (!pod || pod.metadata.uid !== uid || !isMine(pod)) return;
    try {
      const reason = await schedule(pod);
      if (reason === undefined) return;
      queue.putBack(pod, attempts);
      await sayWhy(pod, reason);
    } catch (error) {
      queue.putBack(pod, attempts);
      queue.retry((waiting) => waiting.metadata.uid === uid);
      if (!hasReason(error, 'Conflict') && !hasReason(error, 'NotFound')) onError?.(error, pod);
    }
  }

  /** Binds the pod; answers why not when it fits nowhere. */
  async function schedule(pod: Pod): Promise<string | undefined> {
    const count = cluster.nodes.length;
    if (count === 0) return 'no nodes available to schedule pods';
    try {
      const view = cluster.withNominated(pod);
      const { fitting, rejections } = findNodes(pod, view);
      const node = bestNode(pod, fitting, view);
      if (node) return await bind(pod, node);
      const reasons = [...rejections.values()].flatMap((rejection) => rejection.reasons);
      const preemption = preempt(pod, cluster, rejections);
      const refusal = 'refusal' in preemption ? preemption.refusal : undefined;
      if (!('refusal' in preemption)) await makeRoom(pod, preemption.node, preemption.victims);
      return withPreemption(unavailable(count, reasons), refusal);
    } catch (error) {
      if (!(error instanceof PodRejected)) throw error;
      const refusal = unavailableToAllPreemption(count);
      return withPreemption(unavailableToAll(count, error.message), refusal);
    }
  }

  function unavailableToAllPreemption(count: number): string {
    return unavailable(count, Array(count).fill('Preemption is not helpful for scheduling'));
  }

  async function bind(pod: Pod, node: NodeInfo): Promise<undefined> {
    const { namespace, name } = pod.metadata;
    if (!(await volumesReady(pod, node))) return undefined;
    await client.createSubresource('pods', namespace, name, 'binding', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, uid: pod.metadata.uid },
      target: { kind: 'Node', name: node.name },
    });
    note(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${node.name}`);
    return undefined;
  }

  /** Asks for the volumes that wait for their first consumer; the pod is bound when they are. */
  async function volumesReady(pod: Pod, node: NodeInfo): Promise<boolean> {
    const waiting = claimsOf(pod, client).filter(
      (claim) => claim.status?.phase !== 'Bound' && waitsForConsumer(claim, client),
    );
    if (waiting.length === 0) return true;
    queue.park(pod);
    for (const claim of waiting) {
      if (claim.metadata.annotations?.[SELECTED_NODE] === node.name) continue;
      await client.mergePatch('persistentvolumeclaims', claim.metadata.namespace, claim.metadata.name, {
        metadata: { annotations: { [SELECTED_NODE]: node.name } },
      });
    }
    return false;
  }

  async function makeRoom(pod: Pod, node: NodeInfo, victims: Pod[]): Promise<void> {
    await patchStatus(pod, { nominatedNodeName: node.name });
    for (const victim of victims) {
      await patchStatus(victim, {
        conditions: withPodCondition(victim, {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'PreemptionByScheduler',
          message: `${pod.spec.schedulerName ?? NAME}: preempting to accommodate a higher priority pod`,
        }),
      });
      const { namespace, name, uid } = victim.metadata;
      await unlessGone(client.delete('pods', namespace, name, { uid }));
      note(victim, 'Normal', 'Preempted', `Preempted by pod ${pod.metadata.uid} on node ${node.name}`);
    }
  }

  async function sayWhy(pod: Pod, message: string): Promise<void> {
    note(pod, 'Warning', 'FailedScheduling', message);
    const current = podCondition(pod, 'PodScheduled');
    if (current?.status === 'False' && current.message === message) return;
    const latest = client.get<Pod>('pods', pod.metadata.namespace, pod.metadata.name) ?? pod;
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
    await patchStatus(latest, { conditions: withPodCondition(latest, condition) });
  }

  /** The pod's conditions with this one, whose transition time moves with its status. */
  function withPodCondition(
    pod: Pod,
    condition: { type: string; status: string; reason: string; message: string },
  ): Record<string, unknown>[] {
    const before = podCondition(pod, condition.type);
    const lastTransitionTime =
      before?.status === condition.status ? before.lastTransitionTime : timestamp(clock);
    const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== condition.type);
    const { generation } = pod.metadata;
    return [
      ...others.map((other) => ({ ...other })),
      { ...condition, lastProbeTime: null, lastTransitionTime, observedGeneration: generation },
    ];
  }

  async function patchStatus({ metadata }: Pod, status: Record<string, unknown>): Promise<void> {
    const patch = { metadata: { uid: metadata.uid }, status };
    await unlessGone(client.mergePatch('pods', metadata.namespace, metadata.name, patch, 'status'));
  }

  function note(about: Pod, type: 'Normal' | 'Warning', reason: string, message: string): void {
    client.note({ about, type, reason, message, source: NAME });
  }
}

/** A pod that waits for this scheduler; gates keep it waiting. */
function isMine({ spec, metadata }: Pod): boolean {
  return (
    !spec.nodeName &&
    metadata.deletionTimestamp === undefined &&
    (spec.schedulerName ?? NAME) === NAME &&
    (spec.schedulingGates ?? []).length === 0
  );
}

/** Whether it matters to the pod which others run where. */
function minds({ spec: { affinity, topologySpreadConstraints = [] } }: Pod): boolean {
  return (
    affinity?.podAffinity !== undefined ||
    affinity?.podAntiAffinity !== undefined ||
    topologySpreadConstraints.length > 0
  );
}

/** Heartbeats of a node change nothing. */
function sameForScheduling(before: Node, now: Node): boolean {
  return (
    equalJson(before.spec, now.spec) &&
    equalJson(before.metadata.labels, now.metadata.labels) &&
    equalJson(before.status?.allocatable, now.status?.allocatable)
  );
}
