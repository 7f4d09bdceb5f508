import type { PersistentVolume, PersistentVolumeClaim } from '../../api/core-v1.generated.js';
import type { StorageClass } from '../../api/storage-v1.generated.js';
import type { Draft } from '../../object.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { hasReason, unlessGone } from '../shared/error-reason.js';
import { keyOf, splitKey } from '../shared/object-key.js';
import { SELECTED_NODE, STORAGE_PROVISIONER } from './volume-binder.js';

const PROVISIONER = 'rancher.io/local-path';
const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
const ROOT = '/var/local-path-provisioner';
const CLAIMS = 'persistentvolumeclaims';
const VOLUMES = 'persistentvolumes';
const VOLUME = 'volume:';

/** Makes directories on nodes into volumes, as kind's default storage class does. https://github.com/rancher/local-path-provisioner */
export function localPathProvisioner({ client }: ControllerContext): Controller {
  return {
    watches: [
      onChange<PersistentVolumeClaim>(CLAIMS, ({ type, object }) =>
        type !== 'DELETED' && object.metadata.annotations?.[STORAGE_PROVISIONER] === PROVISIONER
          ? [keyOf(object)]
          : [],
      ),
      onChange<PersistentVolume>(VOLUMES, ({ type, object }) =>
        type !== 'DELETED' && object.status?.phase === 'Released' ? [VOLUME + object.metadata.name] : [],
      ),
    ],
    reconcile: (key) => (key.startsWith(VOLUME) ? removeReleased(key.slice(VOLUME.length)) : provision(key)),
  };

  async function provision(key: string) {
    const { namespace, name } = splitKey(key);
    const claim = client.get<PersistentVolumeClaim>(CLAIMS, namespace, name);
    if (!claim || claim.spec.volumeName || claim.metadata.deletionTimestamp !== undefined) return undefined;
    const storageClass = client.get<StorageClass>(
      'storageclasses.storage.k8s.io',
      undefined,
      claim.spec.storageClassName ?? '',
    );
    if (storageClass?.provisioner !== PROVISIONER) return undefined;
    const volumeName = `pvc-${claim.metadata.uid}`;
    if (client.get(VOLUMES, undefined, volumeName)) return undefined;
    note(
      claim,
      'Normal',
      'Provisioning',
      `External provisioner is provisioning volume for claim "${namespace}/${name}"`,
    );
    const node = claim.metadata.annotations?.[SELECTED_NODE];
    const unsupported = claim.spec.accessModes?.find(
      (mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany',
    );
    if (node === undefined || unsupported) {
      const why = unsupported
        ? 'NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes'
        : 'configuration error, no node was specified';
      const message = `failed to provision volume with StorageClass "${storageClass.metadata.name}": ${why}`;
      note(claim, 'Warning', 'ProvisioningFailed', message);
      return undefined;
    }
    try {
      await client.create<PersistentVolume>(VOLUMES, volumeFor(claim, storageClass, volumeName, node));
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists')) throw error;
    }
    note(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volumeName}`);
    return undefined;
  }

  async function removeReleased(name: string) {
    const volume = client.get<PersistentVolume>(VOLUMES, undefined, name);
    const ours = volume?.metadata.annotations?.[PROVISIONED_BY] === PROVISIONER;
    if (!volume || !ours || volume.status?.phase !== 'Released') return undefined;
    if (volume.spec?.persistentVolumeReclaimPolicy !== 'Delete') return undefined;
    if (volume.metadata.deletionTimestamp !== undefined) return undefined;
    await unlessGone(client.delete(VOLUMES, undefined, name, { uid: volume.metadata.uid }));
    return undefined;
  }

  function note(
    about: PersistentVolumeClaim,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): void {
    client.note({ about, type, reason, message, source: PROVISIONER });
  }
}

function volumeFor(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  volumeName: string,
  node: string,
): Draft<PersistentVolume> {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const directory = `${volumeName}_${namespace}_${name}`;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeName,
      annotations: { 'local.path.provisioner/selected-node': node, [PROVISIONED_BY]: PROVISIONER },
    },
    spec: {
      accessModes: claim.spec.accessModes,
      capacity: { storage: claim.spec.resources?.requests?.storage ?? '0' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion },
      hostPath: { path: `${ROOT}/${directory}`, type: 'DirectoryOrCreate' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
          ],
        },
      },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      volumeMode: claim.spec.volumeMode ?? 'Filesystem',
    },
  };
}
