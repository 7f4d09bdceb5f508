import type { ControllerRevision, DaemonSet, DaemonSetStatus } from '../../api/apps-v1.generated.js';
import type { Node, Pod } from '../../api/core-v1.generated.js';
import { resolveIntOrPercent } from '../../machinery/int-or-string.js';
import { equalJson } from '../../machinery/json.js';
import { selectorFrom, selectorMatches } from '../../machinery/label-selector.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { byLabels, claimPods, ownersConcerned } from '../shared/claim-pods.js';
import { forgetRevisions, recordRevision } from '../shared/controller-revisions.js';
import { unlessGone } from '../shared/error-reason.js';
import { keyOf, splitKey } from '../shared/object-key.js';
import { controllerNamed } from '../shared/owner-references.js';
import { PodControl } from '../shared/pod-control.js';
import { isPodAvailable, isPodReady, nextAvailabilityMs } from '../shared/pod-state.js';
import { daemonPod, hashOf, nodeOf, type Placement, placementOn, REVISION_LABEL } from './daemon-pods.js';

const EVENT_SOURCE = 'daemonset-controller';

interface NodePods {
  placement: Placement;
  pods: Pod[];
}

type ByNode = Map<string, NodePods>;

/**
 * Keeps one pod of each DaemonSet on every node that it wants one on.
 * https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/
 */
export function daemonSetController(context: ControllerContext): Controller {
  const { client, clock } = context;
  const control = new PodControl(client, EVENT_SOURCE);
  const everySet = () => client.list<DaemonSet>('daemonsets.apps').map(keyOf);

  return {
    watches: [
      onChange<DaemonSet>('daemonsets.apps', ({ object }) => [keyOf(object)]),
      onChange<Pod>('pods', (event) =>
        ownersConcerned(event, (pod) => controllerNamed(pod, 'DaemonSet', 'apps'), setsThatMatch),
      ),
      onChange<Node>('nodes', ({ object, previous }) =>
        previous &&
        equalJson(previous.spec, object.spec) &&
        equalJson(previous.metadata.labels, object.metadata.labels)
          ? []
          : everySet(),
      ),
    ],
    reconcile,
  };

  function setsThatMatch(pod: Pod): string[] {
    const { namespace, labels = {} } = pod.metadata;
    return client
      .list<DaemonSet>('daemonsets.apps', { ...(namespace !== undefined && { namespace }) })
      .filter((set) => selectorMatches(selectorFrom(set.spec.selector), labels))
      .map(keyOf);
  }

  async function reconcile(key: string) {
    const { namespace, name } = splitKey(key);
    const set = client.get<DaemonSet>('daemonsets.apps', namespace, name);
    if (!set) return undefined;
    const matches = byLabels(selectorFrom(set.spec.selector));
    const claimed = await claimPods(context, set, matches);
    const history = await recordRevision(context, set, matches, REVISION_LABEL);

    if (set.metadata.deletionTimestamp === undefined) {
      await placePods(set, byNode(set, claimed), history.update);
      if (set.spec.updateStrategy?.type !== 'OnDelete')
        await roll(set, byNode(set, owned(set)), history.update);
    }
    const now = owned(set);
    await writeStatus(set, byNode(set, now), history.update);
    const inUse = new Set(now.map((pod) => `${name}-${pod.metadata.labels?.[REVISION_LABEL]}`));
    inUse.add(history.update.metadata.name);
    await forgetRevisions(context, history.all, inUse, set.spec.revisionHistoryLimit ?? 10);
    return nextAvailabilityMs(now, set.spec.minReadySeconds ?? 0, clock.now());
  }

  function owned(set: DaemonSet): Pod[] {
    return client.ownedBy<Pod>('pods', set.metadata.uid);
  }

  function byNode(set: DaemonSet, pods: readonly Pod[]): ByNode {
    const nodes: ByNode = new Map(
      client
        .list<Node>('nodes')
        .map((node) => [node.metadata.name, { placement: placementOn(client, set, node), pods: [] }]),
    );
    for (const pod of pods) nodes.get(nodeOf(pod) ?? '')?.pods.push(pod);
    return nodes;
  }

  /** Creates what is missing and removes what is failed, doubled or not wanted any more. */
  async function placePods(set: DaemonSet, nodes: ByNode, revision: ControllerRevision): Promise<void> {
    const missing: string[] = [];
    const surplus: Pod[] = [];
    for (const [node, { placement, pods }] of nodes) {
      const alive = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
      const failed = alive.filter(
        (pod) => pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded',
      );
      const running = alive.filter((pod) => !failed.includes(pod));
      for (const pod of failed) sayFailed(set, pod, node);
      surplus.push(...failed);
      if (!placement.mayStay) surplus.push(...running);
      else if (running.length > 1 && surgeOf(set, nodes) === 0)
        surplus.push(...running.sort(oldestFirst).slice(1));
      else if (placement.shouldRun && pods.length === 0) missing.push(node);
    }
    if (surplus.length > 0) await control.deleteAll(surplus, set);
    const make = (index: number) => daemonPod(set, revision, missing[index] ?? '');
    const { error } = await control.createInBatches(missing.length, make, set);
    if (error !== undefined) throw error;
  }

  function sayFailed(set: DaemonSet, pod: Pod, node: string): void {
    const { namespace, name } = pod.metadata;
    const [reason, kind] =
      pod.status?.phase === 'Failed' ? ['FailedDaemonPod', 'failed'] : ['SucceededDaemonPod', 'succeeded'];
    const message = `Found ${kind} daemon pod ${namespace}/${name} on node ${node}, will try to ${kind === 'failed' ? 'kill' : 'delete'} it`;
    client.note({
      about: set,
      type: kind === 'failed' ? 'Warning' : 'Normal',
      reason: reason ?? '',
      message,
      source: EVENT_SOURCE,
    });
  }

  /** Replaces pods of old templates: unavailable ones at once, others as far as maxUnavailable or maxSurge allow. */
  async function roll(set: DaemonSet, nodes: ByNode, revision: ControllerRevision): Promise<void> {
    const isNew = (pod: Pod) => pod.metadata.labels?.[REVISION_LABEL] === hashOf(revision);
    const stays = (pod: Pod) => pod.metadata.deletionTimestamp === undefined;
    const available = (pod: Pod) =>
      stays(pod) && isPodAvailable(pod, set.spec.minReadySeconds ?? 0, clock.now());
    const wanted = [...nodes].filter(([, { placement }]) => placement.shouldRun);
    const surge = surgeOf(set, nodes);
    if (surge > 0) return rollWithSurge(set, wanted, revision, surge, { isNew, stays, available });

    const { maxUnavailable = 1 } = set.spec.updateStrategy?.rollingUpdate ?? {};
    const allowed = resolveIntOrPercent(maxUnavailable, wanted.length, true);
    const old = wanted.flatMap(([, { pods }]) => pods.filter((pod) => stays(pod) && !isNew(pod)));
    const down = wanted.filter(([, { pods }]) => !pods.some(available)).length;
    const broken = old.filter((pod) => !available(pod));
    const rest = old.filter(available).slice(0, Math.max(0, allowed - down));
    await control.deleteAll([...broken, ...rest], set);
  }

  async function rollWithSurge(
    set: DaemonSet,
    wanted: [string, NodePods][],
    revision: ControllerRevision,
    surge: number,
    { isNew, stays, available }: Record<'isNew' | 'stays' | 'available', (pod: Pod) => boolean>,
  ): Promise<void> {
    const replaced: Pod[] = [];
    const uncovered: string[] = [];
    let surging = 0;
    for (const [node, { pods }] of wanted) {
      const fresh = pods.filter((pod) => stays(pod) && isNew(pod));
      const old = pods.filter((pod) => stays(pod) && !isNew(pod));
      if (old.length === 0) continue;
      if (fresh.some(available) || (fresh.length > 0 && !old.some(available))) replaced.push(...old);
      else if (fresh.length > 0) surging++;
      else uncovered.push(node);
    }
    await control.deleteAll(replaced, set);
    const next = uncovered.slice(0, Math.max(0, surge - surging));
    const make = (index: number) => daemonPod(set, revision, next[index] ?? '');
    const { error } = await control.createInBatches(next.length, make, set);
    if (error !== undefined) throw error;
  }

  async function writeStatus(set: DaemonSet, nodes: ByNode, revision: ControllerRevision): Promise<void> {
    const minReadySeconds = set.spec.minReadySeconds ?? 0;
    const all = [...nodes.values()];
    const wanted = all.filter(({ placement }) => placement.shouldRun);
    const oldest = wanted.flatMap(({ pods }) => [...pods].sort(oldestFirst)[0] ?? []);
    const available = oldest.filter((pod) => isPodAvailable(pod, minReadySeconds, clock.now())).length;
    const { generation } = set.metadata;
    const optional = {
      updatedNumberScheduled: oldest.filter(
        (pod) => pod.metadata.labels?.[REVISION_LABEL] === hashOf(revision),
      ).length,
      numberAvailable: available,
      numberUnavailable: wanted.length - available,
    };
    const status: DaemonSetStatus = {
      currentNumberScheduled: wanted.filter(({ pods }) => pods.length > 0).length,
      numberMisscheduled: all.filter(({ placement, pods }) => !placement.shouldRun && pods.length > 0).length,
      desiredNumberScheduled: wanted.length,
      numberReady: oldest.filter(isPodReady).length,
      ...(generation !== undefined && { observedGeneration: generation }),
      ...Object.fromEntries(Object.entries(optional).filter(([, count]) => count > 0)),
    };
    if (equalJson(set.status, status)) return;
    await unlessGone(client.updateStatus('daemonsets.apps', { ...set, status }));
  }
}

function surgeOf(set: DaemonSet, nodes: ByNode): number {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type === 'OnDelete') return 0;
  const wanted = [...nodes.values()].filter(({ placement }) => placement.shouldRun).length;
  return resolveIntOrPercent(rollingUpdate?.maxSurge ?? 0, wanted, true);
}

function oldestFirst(a: Pod, b: Pod): number {
  return a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1;
}
