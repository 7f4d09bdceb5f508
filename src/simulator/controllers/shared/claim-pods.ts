import type { Pod } from '../../api/core-v1.generated.js';
import { type LabelSelector, selectorMatches } from '../../machinery/label-selector.js';
import type { KubernetesObject, ResourceName } from '../../object.js';
import type { ControllerContext } from '../controller.js';
import { unlessGone } from './error-reason.js';
import { controllerOf, controllerReference, isControlledBy } from './owner-references.js';

/** Whether an object belongs to an owner. */
export type Matcher = (object: KubernetesObject) => boolean;

export function byLabels(selector: LabelSelector): Matcher {
  return ({ metadata }) => selectorMatches(selector, metadata.labels ?? {});
}

/**
 * The objects an owner controls: those it owns and that still match, and orphans of its namespace that match and are
 * adopted now. Owned ones that no longer match are released. An owner that is being deleted takes and lets go of nothing.
 */
export async function claimObjects<T extends KubernetesObject>(
  { client, orphans }: Pick<ControllerContext, 'client' | 'orphans'>,
  resource: ResourceName,
  owner: KubernetesObject,
  matches: Matcher,
): Promise<T[]> {
  const owned = client
    .ownedBy<T>(resource, owner.metadata.uid)
    .filter((object) => isControlledBy(object, owner));
  if (owner.metadata.deletionTimestamp !== undefined) return owned.filter(matches);

  const claimed = owned.filter(matches);
  for (const stray of owned.filter((object) => !matches(object)))
    await release(client, resource, stray, owner);
  const adoptable = orphans
    .in<T>(resource, owner.metadata.namespace)
    .filter((object) => matches(object) && object.metadata.deletionTimestamp === undefined);
  for (const orphan of adoptable) {
    const adopted = await adopt<T>(client, resource, orphan, owner);
    if (adopted) claimed.push(adopted);
  }
  return claimed;
}

export function claimPods(
  context: Pick<ControllerContext, 'client' | 'orphans'>,
  owner: KubernetesObject,
  matches: Matcher,
): Promise<Pod[]> {
  return claimObjects<Pod>(context, 'pods', owner, matches);
}

/**
 * Keys of the owners that a changed pod concerns: its controller, the one it had before, and when it has none every owner
 * whose selector matches it.
 */
export function ownersConcerned<T extends KubernetesObject>(
  event: { object: T; previous?: T | undefined },
  nameOfOwner: (object: T) => string | undefined,
  candidates: (object: T) => string[],
): string[] {
  const { object, previous } = event;
  const before = previous && nameOfOwner(previous);
  const now = nameOfOwner(object);
  const namespace = object.metadata.namespace ?? '';
  const named = [...new Set([before, now])].flatMap((name) =>
    name === undefined ? [] : [`${namespace}/${name}`],
  );
  return controllerOf(object) ? named : [...named, ...candidates(object)];
}

async function adopt<T extends KubernetesObject>(
  client: ControllerContext['client'],
  resource: ResourceName,
  orphan: T,
  owner: KubernetesObject,
): Promise<T | undefined> {
  const { namespace, name, uid, ownerReferences = [] } = orphan.metadata;
  return unlessGone(
    client.mergePatch<T>(resource, namespace, name, {
      metadata: { uid, ownerReferences: [...ownerReferences, controllerReference(owner)] },
    }),
  );
}

async function release(
  client: ControllerContext['client'],
  resource: ResourceName,
  stray: KubernetesObject,
  owner: KubernetesObject,
): Promise<void> {
  const { namespace, name, uid, ownerReferences = [] } = stray.metadata;
  const others = ownerReferences.filter((reference) => reference.uid !== owner.metadata.uid);
  await unlessGone(
    client.mergePatch(resource, namespace, name, { metadata: { uid, ownerReferences: others } }),
  );
}
