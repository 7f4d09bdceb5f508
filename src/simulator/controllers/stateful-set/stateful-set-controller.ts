import type { ControllerRevision, StatefulSet, StatefulSetStatus } from '../../api/apps-v1.generated.js';
import type { PersistentVolumeClaim, Pod } from '../../api/core-v1.generated.js';
import { equalJson } from '../../machinery/json.js';
import { selectorFrom, selectorMatches } from '../../machinery/label-selector.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { byLabels, claimPods, type Matcher, ownersConcerned } from '../shared/claim-pods.js';
import { forgetRevisions, recordRevision } from '../shared/controller-revisions.js';
import { hasReason, unlessGone } from '../shared/error-reason.js';
import { keyOf, splitKey } from '../shared/object-key.js';
import { controllerNamed, controllerReference } from '../shared/owner-references.js';
import { isPodAvailable, isPodFinished, nextAvailabilityMs } from '../shared/pod-state.js';
import {
  claimsOf,
  firstOrdinal,
  isRunningAndReady,
  ordinalOf,
  replicasOf,
  revisionOf,
  statefulPod,
} from './stateful-pods.js';

const EVENT_SOURCE = 'statefulset-controller';
const REVISION_HASH = 'controller.kubernetes.io/hash';

interface Revisions {
  current: ControllerRevision;
  update: ControllerRevision;
}

/**
 * Keeps the numbered pods of each StatefulSet, one after the other unless told to do all at once.
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
 */
export function statefulSetController(context: ControllerContext): Controller {
  const { client, clock } = context;

  return {
    watches: [
      onChange<StatefulSet>('statefulsets.apps', ({ object }) => [keyOf(object)]),
      onChange<Pod>('pods', (event) =>
        ownersConcerned(event, (pod) => controllerNamed(pod, 'StatefulSet', 'apps'), setsThatMatch),
      ),
    ],
    reconcile,
  };

  function setsThatMatch(pod: Pod): string[] {
    const { namespace, labels = {} } = pod.metadata;
    return client
      .list<StatefulSet>('statefulsets.apps', { ...(namespace !== undefined && { namespace }) })
      .filter((set) => selectorMatches(selectorFrom(set.spec.selector), labels))
      .map(keyOf);
  }

  async function reconcile(key: string) {
    const { namespace, name } = splitKey(key);
    const set = client.get<StatefulSet>('statefulsets.apps', namespace, name);
    if (!set) return undefined;
    const matches = byLabels(selectorFrom(set.spec.selector));
    const isMember: Matcher = (pod) => matches(pod) && ordinalOf(set, pod) !== undefined;
    const pods = await claimPods(context, set, isMember);
    const history = await recordRevision(context, set, matches, REVISION_HASH);
    const { currentRevision } = set.status ?? {};
    const current = history.all.find(({ metadata }) => metadata.name === currentRevision) ?? history.update;
    const revisions = { current, update: history.update };

    if (set.metadata.deletionTimestamp === undefined) await advance(set, pods, revisions);
    const left = client.ownedBy<Pod>('pods', set.metadata.uid).filter(isMember);
    await writeStatus(set, left, revisions);
    const inUse = new Set([
      current.metadata.name,
      history.update.metadata.name,
      ...left.map((pod) => revisionOf(pod) ?? ''),
    ]);
    await forgetRevisions(context, history.all, inUse, set.spec.revisionHistoryLimit ?? 10);
    return nextAvailabilityMs(left, set.spec.minReadySeconds ?? 0, clock.now());
  }

  /** One round: make the wanted pods, take the others away, update those of an old revision. Each stops at what it must wait for. */
  async function advance(set: StatefulSet, pods: Pod[], revisions: Revisions): Promise<void> {
    const first = firstOrdinal(set);
    const end = first + replicasOf(set);
    const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod) ?? -1, pod]));
    const oneByOne = set.spec.podManagementPolicy !== 'Parallel';

    for (let ordinal = first; ordinal < end; ordinal++) {
      const settled = await ensurePod(set, byOrdinal.get(ordinal), ordinal, revisions);
      if (!settled && oneByOne) return;
    }
    const surplus = pods
      .filter((pod) => !isWanted(set, pod))
      .sort((a, b) => (ordinalOf(set, b) ?? 0) - (ordinalOf(set, a) ?? 0));
    for (const pod of surplus) {
      const going = pod.metadata.deletionTimestamp !== undefined;
      if (!going) await deletePod(set, pod);
      if (oneByOne) return;
    }
    if (set.spec.updateStrategy?.type === 'OnDelete') return;
    await updateFromTheTop(set, byOrdinal, revisions.update);
  }

  /** Answers whether the ordinal's pod is up, so that the next one may follow. */
  async function ensurePod(
    set: StatefulSet,
    pod: Pod | undefined,
    ordinal: number,
    revisions: Revisions,
  ): Promise<boolean> {
    if (!pod) {
      await createPod(set, ordinal, revisionFor(set, ordinal, revisions));
      return false;
    }
    if (pod.metadata.deletionTimestamp !== undefined) return false;
    if (isPodFinished(pod)) {
      const { namespace, name } = set.metadata;
      const [reason, kind] =
        pod.status?.phase === 'Failed'
          ? ['RecreatingFailedPod', 'failed']
          : ['RecreatingTerminatedPod', 'terminated'];
      const message = `StatefulSet ${namespace}/${name} is recreating ${kind} Pod ${pod.metadata.name}`;
      note(set, 'Warning', reason ?? '', message);
      await deletePod(set, pod);
      return false;
    }
    await createClaims(set, ordinal);
    return isRunningAndReady(pod) && isPodAvailable(pod, set.spec.minReadySeconds ?? 0, clock.now());
  }

  /** Pods below the partition, or not yet reached by a rolling update, come back as what they were. */
  function revisionFor(
    set: StatefulSet,
    ordinal: number,
    { current, update }: Revisions,
  ): ControllerRevision {
    const { type = 'RollingUpdate', rollingUpdate } = set.spec.updateStrategy ?? {};
    if (type === 'OnDelete') return update;
    const kept = rollingUpdate?.partition ?? set.status?.currentReplicas ?? 0;
    return ordinal < firstOrdinal(set) + kept ? current : update;
  }

  /** Deletes the highest pod that is of an old revision, once all above it are healthy again. */
  async function updateFromTheTop(
    set: StatefulSet,
    byOrdinal: ReadonlyMap<number, Pod>,
    update: ControllerRevision,
  ): Promise<void> {
    const lowest = firstOrdinal(set) + (set.spec.updateStrategy?.rollingUpdate?.partition ?? 0);
    for (let ordinal = firstOrdinal(set) + replicasOf(set) - 1; ordinal >= lowest; ordinal--) {
      const pod = byOrdinal.get(ordinal);
      if (!pod || pod.metadata.deletionTimestamp !== undefined) return;
      if (revisionOf(pod) !== update.metadata.name) return deletePod(set, pod);
      if (!isRunningAndReady(pod) || !isPodAvailable(pod, set.spec.minReadySeconds ?? 0, clock.now())) return;
    }
  }

  async function createPod(set: StatefulSet, ordinal: number, revision: ControllerRevision): Promise<void> {
    await createClaims(set, ordinal);
    const pod = statefulPod(set, revision, ordinal);
    const subject = `create Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
    try {
      await client.create<Pod>('pods', pod);
      note(set, 'Normal', 'SuccessfulCreate', `${subject} successful`);
    } catch (error) {
      if (hasReason(error, 'AlreadyExists')) return;
      note(set, 'Warning', 'FailedCreate', `${subject} failed error: ${messageOf(error)}`);
      throw error;
    }
  }

  async function createClaims(set: StatefulSet, ordinal: number): Promise<void> {
    for (const claim of claimsOf(set, ordinal)) {
      const { namespace, name = '' } = claim.metadata;
      if (client.get('persistentvolumeclaims', namespace, name)) continue;
      const subject = `create Claim ${name} Pod ${set.metadata.name}-${ordinal} in StatefulSet ${set.metadata.name}`;
      try {
        await client.create<PersistentVolumeClaim>('persistentvolumeclaims', claim);
        note(set, 'Normal', 'SuccessfulCreate', `${subject} success`);
      } catch (error) {
        note(set, 'Warning', 'FailedCreate', `${subject} failed error: ${messageOf(error)}`);
        throw error;
      }
    }
  }

  async function deletePod(set: StatefulSet, pod: Pod): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    if (!isWanted(set, pod)) await handOverClaims(set, pod);
    await unlessGone(client.delete('pods', namespace, name, { uid }));
    note(
      set,
      'Normal',
      'SuccessfulDelete',
      `delete Pod ${name} in StatefulSet ${set.metadata.name} successful`,
    );
  }

  /** With the retention policy `whenScaled: Delete` the claims of a pod that is scaled away go with it. */
  async function handOverClaims(set: StatefulSet, pod: Pod): Promise<void> {
    if (set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled !== 'Delete') return;
    for (const claim of claimsOf(set, ordinalOf(set, pod) ?? 0)) {
      const { namespace, name = '' } = claim.metadata;
      const ownerReferences = [{ ...controllerReference(pod), controller: false, blockOwnerDeletion: false }];
      await unlessGone(
        client.mergePatch('persistentvolumeclaims', namespace, name, { metadata: { ownerReferences } }),
      );
    }
  }

  async function writeStatus(set: StatefulSet, pods: Pod[], { current, update }: Revisions): Promise<void> {
    const alive = pods.filter((pod) => !isPodFinished(pod));
    const staying = alive.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const ofRevision = (revision: ControllerRevision) =>
      staying.filter((pod) => revisionOf(pod) === revision.metadata.name).length;
    const ready = alive.filter(isRunningAndReady);
    const minReadySeconds = set.spec.minReadySeconds ?? 0;
    const available = ready.filter((pod) => isPodAvailable(pod, minReadySeconds, clock.now())).length;
    const updatedReplicas = ofRevision(update);
    const complete =
      updatedReplicas === alive.length &&
      ready.length === alive.length &&
      updatedReplicas === replicasOf(set);
    const counts = {
      readyReplicas: ready.length,
      currentReplicas: complete ? updatedReplicas : ofRevision(current),
      updatedReplicas,
    };
    const { generation } = set.metadata;
    const { conditions } = set.status ?? {};
    const status: StatefulSetStatus = {
      ...(generation !== undefined && { observedGeneration: generation }),
      replicas: alive.length,
      availableReplicas: available,
      ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
      currentRevision: (complete ? update : current).metadata.name,
      updateRevision: update.metadata.name,
      collisionCount: set.status?.collisionCount ?? 0,
      ...(conditions && { conditions }),
    };
    if (equalJson(set.status, status)) return;
    await unlessGone(client.updateStatus('statefulsets.apps', { ...set, status }));
  }

  function note(about: StatefulSet, type: 'Normal' | 'Warning', reason: string, message: string): void {
    client.note({ about, type, reason, message, source: EVENT_SOURCE });
  }
}

function isWanted(set: StatefulSet, pod: Pod): boolean {
  const ordinal = ordinalOf(set, pod) ?? -1;
  return ordinal >= firstOrdinal(set) && ordinal < firstOrdinal(set) + replicasOf(set);
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
