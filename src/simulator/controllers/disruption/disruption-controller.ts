import type { Deployment, ReplicaSet, StatefulSet } from '../../api/apps-v1.generated.js';
import type { Pod, ReplicationController } from '../../api/core-v1.generated.js';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/policy-v1.generated.js';
import { timestamp } from '../../clock/clock.js';
import { resolveIntOrPercent } from '../../machinery/int-or-string.js';
import { equalJson } from '../../machinery/json.js';
import { selectorFrom, selectorMatches } from '../../machinery/label-selector.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { unlessGone } from '../shared/error-reason.js';
import { keyOf, splitKey } from '../shared/object-key.js';
import { controllerNamed, controllerOf } from '../shared/owner-references.js';
import { isPodActive, isPodReady } from '../shared/pod-state.js';

const EVENT_SOURCE = 'controllermanager';
const BUDGETS = 'poddisruptionbudgets.policy';

/** An eviction that was allowed but did not happen within this time is forgotten. */
const DISRUPTION_TIMEOUT_MS = 120_000;

/**
 * Counts how many pods of each budget may be evicted now.
 * https://kubernetes.io/docs/tasks/run-application/configure-pdb/
 */
export function disruptionController({ client, clock }: ControllerContext): Controller {
  return {
    watches: [
      onChange<PodDisruptionBudget>(BUDGETS, ({ type, object }) =>
        type === 'DELETED' ? [] : [keyOf(object)],
      ),
      onChange<Pod>('pods', ({ object }) => budgetsOf(object)),
    ],
    reconcile,
  };

  function budgetsOf({ metadata: { namespace, labels = {} } }: Pod): string[] {
    return client
      .list<PodDisruptionBudget>(BUDGETS, { ...(namespace !== undefined && { namespace }) })
      .filter((budget) => selectorMatches(selectorFrom(budget.spec.selector), labels))
      .map(keyOf);
  }

  async function reconcile(key: string) {
    const { namespace, name } = splitKey(key);
    const budget = client.get<PodDisruptionBudget>(BUDGETS, namespace, name);
    if (!budget) return undefined;
    const selector = selectorFrom(budget.spec.selector);
    const pods = client
      .list<Pod>('pods', { ...(namespace !== undefined && { namespace }) })
      .filter((pod) => selectorMatches(selector, pod.metadata.labels ?? {}) && isPodActive(pod));
    if (pods.length === 0) {
      client.note({
        about: budget,
        type: 'Normal',
        reason: 'NoPods',
        message: 'No matching pods found',
        source: EVENT_SOURCE,
      });
    }
    const disruptedPods = stillDisrupted(budget, pods);
    const { expected, desired } = wanted(budget, pods);
    const healthy = pods.filter((pod) => isPodReady(pod) && !(pod.metadata.name in disruptedPods)).length;
    const allowed = expected <= 0 ? 0 : Math.max(0, healthy - desired);
    const { generation } = budget.metadata;
    const status: PodDisruptionBudgetStatus = {
      ...(generation !== undefined && { observedGeneration: generation }),
      ...(Object.keys(disruptedPods).length > 0 && { disruptedPods }),
      disruptionsAllowed: allowed,
      currentHealthy: healthy,
      desiredHealthy: desired,
      expectedPods: expected,
      conditions: conditionsFor(budget, allowed > 0),
    };
    if (!equalJson(budget.status, status))
      await unlessGone(client.updateStatus(BUDGETS, { ...budget, status }));
    return Object.keys(disruptedPods).length > 0 ? DISRUPTION_TIMEOUT_MS : undefined;
  }

  function stillDisrupted({ status }: PodDisruptionBudget, pods: Pod[]): Record<string, string> {
    const names = new Set(pods.map(({ metadata }) => metadata.name));
    const recent = Object.entries(status?.disruptedPods ?? {}).filter(
      ([name, since]) => names.has(name) && Date.parse(since) + DISRUPTION_TIMEOUT_MS > clock.now(),
    );
    return Object.fromEntries(recent);
  }

  /** Percentages and maxUnavailable are of what the pods' controllers want, not of the pods that happen to be there. */
  function wanted({ spec }: PodDisruptionBudget, pods: Pod[]): { expected: number; desired: number } {
    const { maxUnavailable, minAvailable = 1 } = spec;
    if (maxUnavailable !== undefined) {
      const expected = expectedBy(pods);
      return {
        expected,
        desired: Math.max(0, expected - resolveIntOrPercent(maxUnavailable, expected, true)),
      };
    }
    if (typeof minAvailable === 'number') return { expected: pods.length, desired: minAvailable };
    const expected = expectedBy(pods);
    return { expected, desired: resolveIntOrPercent(minAvailable, expected, true) };
  }

  function expectedBy(pods: Pod[]): number {
    const scales = new Map<string, number>();
    for (const pod of pods) {
      const { uid, replicas } = scaleOf(pod);
      scales.set(uid, replicas);
    }
    return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
  }

  function scaleOf(pod: Pod): { uid: string; replicas: number } {
    const { namespace } = pod.metadata;
    const named = <T extends ReplicaSet | StatefulSet | ReplicationController | Deployment>(
      resource: string,
      name: string | undefined,
    ) => (name === undefined ? undefined : client.get<T>(resource, namespace, name));
    const set = named<ReplicaSet>('replicasets.apps', controllerNamed(pod, 'ReplicaSet', 'apps'));
    const owner =
      (set && named<Deployment>('deployments.apps', controllerNamed(set, 'Deployment', 'apps'))) ??
      set ??
      named<StatefulSet>('statefulsets.apps', controllerNamed(pod, 'StatefulSet', 'apps')) ??
      named<ReplicationController>(
        'replicationcontrollers',
        controllerNamed(pod, 'ReplicationController', ''),
      );
    if (!owner) return { uid: controllerOf(pod)?.uid ?? pod.metadata.uid, replicas: 1 };
    return { uid: owner.metadata.uid, replicas: owner.spec.replicas ?? 1 };
  }

  function conditionsFor({ status, metadata }: PodDisruptionBudget, allowed: boolean) {
    const before = status?.conditions?.find(({ type }) => type === 'DisruptionAllowed');
    const state = allowed ? 'True' : 'False';
    const condition = {
      type: 'DisruptionAllowed',
      status: state,
      reason: allowed ? 'SufficientPods' : 'InsufficientPods',
      message: '',
      lastTransitionTime: before?.status === state ? before.lastTransitionTime : timestamp(clock),
      observedGeneration: metadata.generation,
    };
    return [...(status?.conditions ?? []).filter(({ type }) => type !== condition.type), condition];
  }
}
