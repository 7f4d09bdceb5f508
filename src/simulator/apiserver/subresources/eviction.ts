import type { Pod } from '../../api/core-v1.generated.js';
import type { Eviction, PodDisruptionBudget } from '../../api/policy-v1.generated.js';
import { timestamp } from '../../clock/clock.js';
import { cloneJson } from '../../machinery/json.js';
import { selectorFrom, selectorMatches } from '../../machinery/label-selector.js';
import { ApiError } from '../api-error.js';
import type { Caller } from '../caller.js';
import { readFieldValidation } from '../field-validation.js';
import { decodeBody } from '../http/decode-body.js';
import { targetOf } from '../http/object-io.js';
import { readBody } from '../http/read-body.js';
import type { ResourceRequest } from '../http/resource-request.js';
import { sendText } from '../http/respond.js';
import type { Registry, Target } from '../registry.js';
import type { Working } from '../strategies/strategy.js';

const BUDGETS = 'poddisruptionbudgets.policy';
const CREATED = JSON.stringify({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 201,
});

/** `POST pods/NAME/eviction`: a delete that disruption budgets may refuse; https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/ */
export async function evictPod(request: ResourceRequest): Promise<void> {
  const { caller, info } = request;
  const body = await readBody(request.request);
  const expected = { apiVersion: 'policy/v1', kind: 'Eviction' };
  const contentType = request.request.headers['content-type'];
  const eviction = decodeBody(body, contentType, expected, readFieldValidation(info.query), caller.warn);
  await evict(request.registry, targetOf(request), eviction as unknown as Eviction, caller);
  await sendText(request, 201, CREATED);
}

/** Throws 429 TooManyRequests when a budget has no disruption left. */
export async function evict(
  registry: Registry,
  target: Target,
  { deleteOptions }: Eviction,
  caller: Caller,
): Promise<void> {
  const pod = registry.get(target) as unknown as Pod;
  const options = {
    gracePeriodSeconds: deleteOptions?.gracePeriodSeconds,
    preconditions: deleteOptions?.preconditions,
  };
  if (deleteOptions?.dryRun?.includes('All')) caller = { ...caller, dryRun: true };
  if (!isOver(pod)) await spendBudget(registry, pod, caller);
  await registry.delete(target, options, caller);
}

/** A pod that does not run, or is going anyway, disturbs nobody. */
const isOver = ({ metadata, status }: Pod) =>
  metadata.deletionTimestamp !== undefined ||
  ['Succeeded', 'Failed', 'Pending'].includes(status?.phase ?? 'Pending');

async function spendBudget(registry: Registry, pod: Pod, caller: Caller): Promise<void> {
  const budgets = budgetsOf(registry, pod);
  if (budgets.length > 1) {
    throw new ApiError(
      500,
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  const [budget] = budgets;
  if (!budget) return;
  const { namespace, name } = budget.metadata;
  const resource = registry.core.catalogue.named(BUDGETS);
  if (!resource) return;
  const change = (current: Working): Working => {
    const next = cloneJson(current) as unknown as PodDisruptionBudget;
    const { status } = next;
    requireBudget(next);
    if (status) {
      status.disruptionsAllowed = (status.disruptionsAllowed ?? 0) - 1;
      status.disruptedPods = { ...status.disruptedPods, [pod.metadata.name]: timestamp(registry.core.clock) };
    }
    return next as unknown as Working;
  };
  await registry.update({ resource, namespace, name }, change, caller, { scope: 'status' });
}

function requireBudget({ metadata, status }: PodDisruptionBudget): void {
  const refused = (message: string, retryAfterSeconds?: number) =>
    new ApiError(
      429,
      'TooManyRequests',
      "Cannot evict pod as it would violate the pod's disruption budget.",
      {
        causes: [{ reason: 'DisruptionBudget', message, field: '' }],
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      },
    );
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    throw refused(`The disruption budget ${metadata.name} is still being processed by the server.`, 10);
  }
  if ((status?.disruptionsAllowed ?? 0) > 0) return;
  throw refused(
    `The disruption budget ${metadata.name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`,
  );
}

function budgetsOf({ core }: Registry, { metadata }: Pod): PodDisruptionBudget[] {
  const budgets = core.store.list(BUDGETS, metadata.namespace) as unknown as PodDisruptionBudget[];
  return budgets.filter(({ spec }) => selectorMatches(selectorFrom(spec?.selector), metadata.labels ?? {}));
}
