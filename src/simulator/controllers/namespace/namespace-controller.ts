import type { Namespace, NamespaceCondition } from '../../api/core-v1.generated.js';
import { timestamp } from '../../clock/clock.js';
import { equalJson } from '../../machinery/json.js';
import type { KubernetesObject } from '../../object.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { withCondition } from '../shared/conditions.js';
import { unlessGone } from '../shared/error-reason.js';
import { everyResource, type StoredResource, watchEveryResource } from '../shared/every-resource.js';
import { keyFor, keyOf, splitKey } from '../shared/object-key.js';

const FINALIZER = 'kubernetes';

/**
 * Before the first pass, so that requests that came before the mark are through; pkg/controller/namespace of Kubernetes
 * (namespaceDeletionGracePeriod). Within it a client can still delete the content by itself, as `kubectl delete -f` does.
 */
const FIRST_PASS_AFTER_MS = 5000;

interface Remainder {
  resource: StoredResource;
  objects: KubernetesObject[];
}

/**
 * Empties a namespace that is being deleted, then lets it go.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
 */
export function namespaceController({ client, clock }: ControllerContext): Controller {
  return {
    watches: [
      onChange<Namespace>('namespaces', ({ type, object }) =>
        type !== 'DELETED' && object.metadata.deletionTimestamp !== undefined ? [keyOf(object)] : [],
      ),
      (_client, enqueue) =>
        watchEveryResource(client, (resource, { type, object }) => {
          const { namespace } = object.metadata;
          if (type === 'DELETED' && resource.namespaced && isGoing(namespace))
            enqueue(keyFor('', namespace ?? ''));
        }),
    ],
    reconcile,
  };

  function isGoing(namespace: string | undefined): boolean {
    const found = client.get<Namespace>('namespaces', undefined, namespace ?? '');
    return found?.metadata.deletionTimestamp !== undefined;
  }

  async function reconcile(key: string) {
    const { name } = splitKey(key);
    const namespace = client.get<Namespace>('namespaces', undefined, name);
    if (!namespace || namespace.metadata.deletionTimestamp === undefined) return undefined;
    if (!namespace.spec?.finalizers?.includes(FINALIZER)) return undefined;
    const firstPassAtMs = Date.parse(namespace.metadata.deletionTimestamp) + FIRST_PASS_AFTER_MS;
    if (clock.now() < firstPassAtMs) return firstPassAtMs - clock.now();

    const content = everyResource(client).filter((resource) => resource.namespaced);
    for (const resource of content) await empty(resource, name);
    const remaining = content.flatMap((resource): Remainder[] => {
      const objects = client.list(resource.name, { namespace: name });
      return objects.length > 0 ? [{ resource, objects }] : [];
    });
    if (remaining.length > 0) await sayWhatRemains(name, remaining);
    else await finalize(name);
    return undefined;
  }

  async function empty(resource: StoredResource, namespace: string): Promise<void> {
    const objects = client
      .list(resource.name, { namespace })
      .filter((object) => object.metadata.deletionTimestamp === undefined);
    await Promise.all(
      objects.map((object) => unlessGone(client.delete(resource.name, namespace, object.metadata.name))),
    );
  }

  async function finalize(name: string): Promise<void> {
    const namespace = client.get<Namespace>('namespaces', undefined, name);
    if (!namespace) return;
    const finalizers = (namespace.spec.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
    const patch = { metadata: { uid: namespace.metadata.uid }, spec: { finalizers } };
    await unlessGone(client.mergePatch('namespaces', undefined, name, patch, 'finalize'));
  }

  async function sayWhatRemains(name: string, remaining: Remainder[]): Promise<void> {
    const namespace = client.get<Namespace>('namespaces', undefined, name);
    if (!namespace) return;
    const before = namespace.status?.conditions ?? [];
    const conditions = conditionsOf(remaining, timestamp(clock)).reduce(withMessage, before);
    const status = { ...namespace.status, phase: 'Terminating' as const, conditions };
    if (equalJson(status, namespace.status)) return;
    await unlessGone(client.updateStatus('namespaces', { ...namespace, status }));
  }
}

/** As `withCondition`, but a new message counts as a change too. */
function withMessage(conditions: NamespaceCondition[], condition: NamespaceCondition): NamespaceCondition[] {
  return withCondition(conditions, condition).map((kept) =>
    kept.type === condition.type ? { ...kept, message: condition.message } : kept,
  );
}

function conditionsOf(remaining: Remainder[], now: string): NamespaceCondition[] {
  const condition = (type: string, status: 'True' | 'False', reason: string, message: string) => ({
    type,
    status,
    lastTransitionTime: now,
    reason,
    message,
  });
  const resources = remaining.map(
    ({ resource, objects }) => `${dotted(resource)} has ${objects.length} resource instances`,
  );
  const finalizers = [...countFinalizers(remaining)].map(
    ([finalizer, count]) => `${finalizer} in ${count} resource instances`,
  );
  return [
    condition(
      'NamespaceDeletionDiscoveryFailure',
      'False',
      'ResourcesDiscovered',
      'All resources successfully discovered',
    ),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      'False',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    condition(
      'NamespaceDeletionContentFailure',
      'False',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    condition(
      'NamespaceContentRemaining',
      'True',
      'SomeResourcesRemain',
      `Some resources are remaining: ${resources.sort().join(', ')}`,
    ),
    finalizers.length > 0
      ? condition(
          'NamespaceFinalizersRemaining',
          'True',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${finalizers.sort().join(', ')}`,
        )
      : condition(
          'NamespaceFinalizersRemaining',
          'False',
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        ),
  ];
}

/** The core group's resources end in a dot here: `pods. has 1 resource instances`. */
function dotted({ name, group }: StoredResource): string {
  return group === '' ? `${name}.` : name;
}

function countFinalizers(remaining: Remainder[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const finalizer of remaining.flatMap(({ objects }) =>
    objects.flatMap((object) => object.metadata.finalizers ?? []),
  )) {
    counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  }
  return counts;
}
