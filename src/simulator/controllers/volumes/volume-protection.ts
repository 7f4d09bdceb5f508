import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/core-v1.generated.js';
import type { Client } from '../../client.js';
import type { KubernetesObject, ResourceName } from '../../object.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { unlessGone } from '../shared/error-reason.js';
import { keyFor, keyOf, splitKey } from '../shared/object-key.js';
import { isPodFinished } from '../shared/pod-state.js';

const CLAIMS = 'persistentvolumeclaims';
const VOLUMES = 'persistentvolumes';
const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection';
const VOLUME_FINALIZER = 'kubernetes.io/pv-protection';

/** Holds a claim that is being deleted until no pod uses it. https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection */
export function claimProtection({ client }: ControllerContext): Controller {
  return {
    watches: [
      onChange<PersistentVolumeClaim>(CLAIMS, ({ type, object }) =>
        type === 'DELETED' ? [] : [keyOf(object)],
      ),
      onChange<Pod>('pods', ({ type, object }) =>
        type === 'DELETED' || isPodFinished(object)
          ? claimNamesOf(object).map((name) => keyFor(object.metadata.namespace, name))
          : [],
      ),
    ],
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const claim = client.get<PersistentVolumeClaim>(CLAIMS, namespace, name);
      if (!claim) return undefined;
      const inUse = () =>
        client
          .list<Pod>('pods', { ...(namespace !== undefined && { namespace }) })
          .some((pod) => !isPodFinished(pod) && pod.spec.nodeName && claimNamesOf(pod).includes(name));
      await protect(client, CLAIMS, claim, CLAIM_FINALIZER, inUse);
      return undefined;
    },
  };
}

/** Holds a volume that is being deleted until its claim is gone. */
export function volumeProtection({ client }: ControllerContext): Controller {
  return {
    watches: [
      onChange<PersistentVolume>(VOLUMES, ({ type, object }) => (type === 'DELETED' ? [] : [keyOf(object)])),
    ],
    async reconcile(key) {
      const volume = client.get<PersistentVolume>(VOLUMES, undefined, splitKey(key).name);
      if (!volume) return undefined;
      await protect(client, VOLUMES, volume, VOLUME_FINALIZER, () => volume.status?.phase === 'Bound');
      return undefined;
    },
  };
}

function claimNamesOf({ metadata, spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap(
    (volume) =>
      volume.persistentVolumeClaim?.claimName ??
      (volume.ephemeral ? [`${metadata.name}-${volume.name}`] : []),
  );
}

async function protect(
  client: Client,
  resource: ResourceName,
  object: KubernetesObject,
  finalizer: string,
  inUse: () => boolean,
): Promise<void> {
  const { namespace, name, uid, finalizers = [], deletionTimestamp } = object.metadata;
  const held = finalizers.includes(finalizer);
  const going = deletionTimestamp !== undefined;
  if (held !== going || (going && inUse())) return;
  const next = going ? finalizers.filter((other) => other !== finalizer) : [...finalizers, finalizer];
  await unlessGone(client.mergePatch(resource, namespace, name, { metadata: { uid, finalizers: next } }));
}
