import type { Lease } from '../../api/coordination-v1.generated.js';
import type { Node, NodeCondition, Pod, PodCondition, Taint } from '../../api/core-v1.generated.js';
import { timestamp } from '../../clock/clock.js';
import { equalJson } from '../../machinery/json.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { unlessGone } from '../shared/error-reason.js';
import { keyFor, keyOf, splitKey } from '../shared/object-key.js';
import { podCondition } from '../shared/pod-state.js';

const EVENT_SOURCE = 'node-controller';
const LEASES = 'leases.coordination.k8s.io';
const LEASE_NAMESPACE = 'kube-node-lease';

/** kube-controller-manager's --node-monitor-grace-period. */
const GRACE_MS = 50_000;

const SECOND_LOOK_MS = 1000;

const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
const PRESSURES: Record<string, string> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
};
const MANAGED = new Set([NOT_READY, UNREACHABLE, UNSCHEDULABLE, ...Object.values(PRESSURES)]);
const KUBELET_CONDITIONS = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'];

/**
 * Notices nodes whose kubelet has fallen silent, and taints nodes by their conditions.
 * https://kubernetes.io/docs/concepts/architecture/nodes/#node-controller
 */
export function nodeHealthController({ client, clock }: ControllerContext): Controller {
  /** Nodes whose lease was found run out once; a machine that slept lets its kubelets renew before they are given up. */
  const suspects = new Set<string>();

  return {
    watches: [
      onChange<Node>('nodes', ({ type, object }) => (type === 'DELETED' ? [] : [keyOf(object)])),
      onChange<Lease>(LEASES, ({ type, object }) =>
        type === 'ADDED' && object.metadata.namespace === LEASE_NAMESPACE
          ? [keyFor('', object.metadata.name)]
          : [],
      ),
    ],
    reconcile,
  };

  async function reconcile(key: string) {
    const { name } = splitKey(key);
    const node = client.get<Node>('nodes', undefined, name);
    if (!node || node.metadata.deletionTimestamp !== undefined) return undefined;
    const silentInMs = untilSilentMs(name) ?? Number.POSITIVE_INFINITY;
    const silent = silentInMs <= 0 && suspects.has(name);
    if (silentInMs > 0) suspects.delete(name);
    else suspects.add(name);
    const current = silent ? await declareUnknown(node) : node;
    await taint(current);
    if (readiness(current) !== 'True') await markPodsNotReady(current);
    // Renewals do not enqueue the node: it is looked at when its last known lease would have run out.
    if (silent || silentInMs === Number.POSITIVE_INFINITY) return undefined;
    return Math.max(silentInMs, SECOND_LOOK_MS);
  }

  /** A node that never had a lease is not watched: nobody promised to renew it. */
  function untilSilentMs(name: string): number | undefined {
    const renewTime = client.get<Lease>(LEASES, LEASE_NAMESPACE, name)?.spec.renewTime;
    return renewTime === undefined ? undefined : Date.parse(renewTime) + GRACE_MS - clock.now();
  }

  async function declareUnknown(node: Node): Promise<Node> {
    if (readiness(node) === 'Unknown') return node;
    const conditions = (node.status?.conditions ?? []).map((condition): NodeCondition => {
      if (!KUBELET_CONDITIONS.includes(condition.type) || condition.status === 'Unknown') return condition;
      return {
        ...condition,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: timestamp(clock),
      };
    });
    const message = `Node ${node.metadata.name} status is now: NodeNotReady`;
    client.note({ about: node, type: 'Normal', reason: 'NodeNotReady', message, source: EVENT_SOURCE });
    return client.updateStatus('nodes', { ...node, status: { ...node.status, conditions } });
  }

  async function taint(node: Node): Promise<void> {
    const present = node.spec.taints ?? [];
    const kept = present.filter(({ key }) => !MANAGED.has(key));
    const wanted = taintsOf(node).map(
      (taint) =>
        present.find(({ key, effect }) => key === taint.key && effect === taint.effect) ?? {
          ...taint,
          timeAdded: timestamp(clock),
        },
    );
    const taints = [...kept, ...wanted];
    if (equalJson(taints, present)) return;
    const { name, uid, resourceVersion } = node.metadata;
    await unlessGone(
      client.mergePatch('nodes', undefined, name, {
        metadata: { uid, resourceVersion },
        spec: { taints: taints.length > 0 ? taints : null },
      }),
    );
  }

  /** Takes the pods of a node that is not ready out of their Services. */
  async function markPodsNotReady(node: Node): Promise<void> {
    for (const pod of client.list<Pod>('pods').filter(({ spec }) => spec.nodeName === node.metadata.name)) {
      if (podCondition(pod, 'Ready')?.status !== 'True') continue;
      const conditions = (pod.status?.conditions ?? []).map(
        (condition): PodCondition =>
          condition.type === 'Ready'
            ? { ...condition, status: 'False', lastTransitionTime: timestamp(clock) }
            : condition,
      );
      await unlessGone(client.updateStatus('pods', { ...pod, status: { ...pod.status, conditions } }));
      const message = 'Node is not ready';
      client.note({ about: pod, type: 'Warning', reason: 'NodeNotReady', message, source: EVENT_SOURCE });
    }
  }
}

function readiness(node: Node): string {
  return node.status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
}

function taintsOf(node: Node): Taint[] {
  const taints: Taint[] = node.spec.unschedulable ? [{ key: UNSCHEDULABLE, effect: 'NoSchedule' }] : [];
  for (const [type, key] of Object.entries(PRESSURES)) {
    const status = node.status?.conditions?.find((condition) => condition.type === type)?.status;
    if (status === 'True') taints.push({ key, effect: 'NoSchedule' });
  }
  const ready = readiness(node);
  if (ready === 'True') return taints;
  const key = ready === 'False' ? NOT_READY : UNREACHABLE;
  return [...taints, { key, effect: 'NoSchedule' }, { key, effect: 'NoExecute' }];
}
