import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/apps-v1.generated.js';
import type { Pod } from '../../api/core-v1.generated.js';
import { equalJson } from '../../machinery/json.js';
import { selectorFrom, selectorMatches } from '../../machinery/label-selector.js';
import type { Controller, ControllerContext } from '../controller.js';
import { onChange } from '../controller.js';
import { byLabels, claimObjects, ownersConcerned } from '../shared/claim-pods.js';
import { findCondition, withCondition } from '../shared/conditions.js';
import { unlessGone } from '../shared/error-reason.js';
import { keyFor, keyOf, splitKey } from '../shared/object-key.js';
import { controllerNamed } from '../shared/owner-references.js';
import { isPodFinished } from '../shared/pod-state.js';
import { ensureCurrent, syncRevision } from './new-replica-set.js';
import { activeOf, byRevision, type ReplicaSets, sortOut } from './replica-sets.js';
import { rollOneStep } from './rolling.js';
import { hasProgressDeadline, isRollingUpdate, replicasOf } from './rollout-limits.js';
import { EVENT_SOURCE, scaleTo, scaleWithoutRolling, wasScaled } from './scaling.js';
import { countedStatus, deploymentCondition, isComplete, rolloutStatus, untilDeadlineMs } from './status.js';

/**
 * Rolls each Deployment's pods from template to template by scaling its ReplicaSets.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
 */
export function deploymentController(context: ControllerContext): Controller {
  const { client, clock } = context;

  return {
    watches: [
      onChange<Deployment>('deployments.apps', ({ object }) => [keyOf(object)]),
      onChange<ReplicaSet>('replicasets.apps', (event) =>
        ownersConcerned(event, (set) => controllerNamed(set, 'Deployment', 'apps'), deploymentsThatMatch),
      ),
      onChange<Pod>('pods', ({ type, object }) => (type === 'DELETED' ? recreatedBy(object) : [])),
    ],
    reconcile,
  };

  function deploymentsThatMatch(set: ReplicaSet): string[] {
    const { namespace, labels = {} } = set.metadata;
    return client
      .list<Deployment>('deployments.apps', { ...(namespace !== undefined && { namespace }) })
      .filter((deployment) => selectorMatches(selectorFrom(deployment.spec.selector), labels))
      .map(keyOf);
  }

  /** A Recreate deployment goes on when the last old pod is gone. */
  function recreatedBy(pod: Pod): string[] {
    const setName = controllerNamed(pod, 'ReplicaSet', 'apps');
    const { namespace } = pod.metadata;
    const set =
      setName === undefined ? undefined : client.get<ReplicaSet>('replicasets.apps', namespace, setName);
    const name = set && controllerNamed(set, 'Deployment', 'apps');
    const deployment =
      name === undefined ? undefined : client.get<Deployment>('deployments.apps', namespace, name);
    return deployment && !isRollingUpdate(deployment) ? [keyFor(namespace, deployment.metadata.name)] : [];
  }

  async function reconcile(key: string) {
    const { namespace, name } = splitKey(key);
    const stored = client.get<Deployment>('deployments.apps', namespace, name);
    if (!stored) return undefined;
    if (selectsEverything(stored)) return warnOfSelectingAll(stored);

    const matches = byLabels(selectorFrom(stored.spec.selector));
    const owned = await claimObjects<ReplicaSet>(context, 'replicasets.apps', stored, matches);
    if (stored.metadata.deletionTimestamp !== undefined) {
      return writeStatus(stored, countedStatus(stored, sortOut(stored, owned), clock));
    }
    const deployment = await notePause(stored);
    const sets = sortOut(deployment, owned);
    if (deployment.spec.paused || wasScaled(deployment, owned)) return resize(deployment, sets);
    return isRollingUpdate(deployment) ? roll(deployment, sets) : recreate(deployment, sets);
  }

  /** Scales without rolling: while paused, and when only the size was changed. */
  async function resize(stored: Deployment, found: ReplicaSets) {
    const { deployment, sets } = await syncRevision(client, clock, stored, found);
    await scaleWithoutRolling(client, deployment, sets);
    if (deployment.spec.paused) await forgetOldRevisions(deployment, sets.old);
    return writeStatus(deployment, countedStatus(deployment, sets, clock));
  }

  async function roll(stored: Deployment, found: ReplicaSets) {
    const { deployment, sets } = await ensureCurrent(client, clock, stored, found);
    const scaled = await rollOneStep(client, deployment, sets);
    if (!scaled && isComplete(deployment, deployment.status)) await forgetOldRevisions(deployment, sets.old);
    return writeRolloutStatus(deployment, sets);
  }

  /** All old pods go before the first new one comes. */
  async function recreate(stored: Deployment, found: ReplicaSets) {
    const before = await syncRevision(client, clock, stored, found);
    const active = activeOf(before.sets.old);
    for (const set of active) await scaleTo(client, before.deployment, set, 0);
    if (active.length > 0 || oldPodsRun(before.sets)) {
      return writeRolloutStatus(before.deployment, before.sets);
    }
    const { deployment, sets } = await ensureCurrent(client, clock, before.deployment, before.sets);
    if (sets.current) await scaleTo(client, deployment, sets.current, replicasOf(deployment));
    if (isComplete(deployment, deployment.status)) await forgetOldRevisions(deployment, sets.old);
    return writeRolloutStatus(deployment, sets);
  }

  function oldPodsRun({ old }: ReplicaSets): boolean {
    return old.some(
      (set) =>
        (set.status?.replicas ?? 0) > 0 ||
        client.ownedBy<Pod>('pods', set.metadata.uid).some((pod) => !isPodFinished(pod)),
    );
  }

  /** Says in the Progressing condition that the deployment was paused or resumed, so that no deadline passes meanwhile. */
  async function notePause(deployment: Deployment): Promise<Deployment> {
    if (!hasProgressDeadline(deployment)) return deployment;
    const conditions = deployment.status?.conditions ?? [];
    const reason = findCondition(conditions, 'Progressing')?.reason;
    if (reason === 'ProgressDeadlineExceeded') return deployment;
    const saysPaused = reason === 'DeploymentPaused';
    if (saysPaused === (deployment.spec.paused ?? false)) return deployment;
    const change = saysPaused
      ? deploymentCondition(clock, 'Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed')
      : deploymentCondition(clock, 'Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused');
    return client.updateStatus('deployments.apps', {
      ...deployment,
      status: { ...deployment.status, conditions: withCondition(conditions, change) },
    });
  }

  async function forgetOldRevisions(deployment: Deployment, old: ReplicaSet[]): Promise<void> {
    const limit = deployment.spec.revisionHistoryLimit ?? 10;
    const alive = old.filter((set) => set.metadata.deletionTimestamp === undefined);
    for (const set of alive.sort(byRevision).slice(0, Math.max(0, alive.length - limit))) {
      const { namespace, name, generation = 0 } = set.metadata;
      const busy = (set.status?.replicas ?? 0) !== 0 || replicasOf(set) !== 0;
      if (busy || generation > (set.status?.observedGeneration ?? 0)) continue;
      await unlessGone(client.delete('replicasets.apps', namespace, name));
    }
  }

  function writeRolloutStatus(deployment: Deployment, sets: ReplicaSets) {
    return writeStatus(deployment, rolloutStatus(deployment, asStored(sets), clock));
  }

  /** Scaling changed some ReplicaSets; their counts are of the state that is stored now. */
  function asStored({ current, old }: ReplicaSets): ReplicaSets {
    const latest = (set: ReplicaSet) =>
      client.get<ReplicaSet>('replicasets.apps', set.metadata.namespace, set.metadata.name) ?? set;
    return { current: current && latest(current), old: old.map(latest) };
  }

  async function writeStatus(deployment: Deployment, status: DeploymentStatus) {
    if (equalJson(deployment.status ?? {}, status)) return untilDeadlineMs(deployment, status, clock.now());
    await unlessGone(client.updateStatus('deployments.apps', { ...deployment, status }));
    return undefined;
  }

  function selectsEverything({ spec: { selector } }: Deployment): boolean {
    return (
      Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0
    );
  }

  async function warnOfSelectingAll(deployment: Deployment) {
    const message = 'This deployment is selecting all pods. A non-empty selector is required.';
    client.note({
      about: deployment,
      type: 'Warning',
      reason: 'SelectingAll',
      message,
      source: EVENT_SOURCE,
    });
    return undefined;
  }
}
