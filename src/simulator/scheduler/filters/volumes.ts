import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/core-v1.generated.js';
import type { StorageClass } from '../../api/storage-v1.generated.js';
import type { Client } from '../../client.js';
import { fitsClaim } from '../../controllers/volumes/volume-match.js';
import { type Filter, PodRejected, rejectedForGood } from '../filter.js';
import type { NodeInfo } from '../node-info.js';
import { matchesNodeSelector } from './node-affinity.js';

const CLASSES = 'storageclasses.storage.k8s.io';
const NO_PROVISIONER = 'kubernetes.io/no-provisioner';

/**
 * Claims that are bound tie the pod to where their volumes are; those that wait for their first consumer need a node with
 * a fitting volume, or a provisioner that makes one.
 */
export const volumes: Filter = (pod, { client }) => {
  const claims = claimsOf(pod, client);
  if (claims.length === 0) return undefined;
  const isWaiting = (claim: PersistentVolumeClaim) =>
    claim.status?.phase !== 'Bound' || !claim.spec.volumeName;
  if (claims.some((claim) => isWaiting(claim) && !waitsForConsumer(claim, client))) {
    throw new PodRejected('pod has unbound immediate PersistentVolumeClaims');
  }
  const bound = claims.filter((claim) => !isWaiting(claim));
  const waiting = claims.filter(isWaiting);
  return (node) => {
    const misplaced = bound.some((claim) => {
      const volume = client.get<PersistentVolume>(
        'persistentvolumes',
        undefined,
        claim.spec.volumeName ?? '',
      );
      return volume !== undefined && !reachable(volume, node);
    });
    if (misplaced) return rejectedForGood("node(s) didn't match PersistentVolume's node affinity");
    return waiting.every((claim) => canBeBound(claim, node, client))
      ? undefined
      : rejectedForGood("node(s) didn't find available persistent volumes to bind");
  };
};

/** The claims of the pod's volumes, generic ephemeral ones included; throws `PodRejected` when one is missing. */
export function claimsOf(pod: Pod, client: Client): PersistentVolumeClaim[] {
  const { namespace, name } = pod.metadata;
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    const claimName =
      volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral && `${name}-${volume.name}`);
    if (claimName === undefined) return [];
    const claim = client.get<PersistentVolumeClaim>('persistentvolumeclaims', namespace, claimName);
    if (!claim) throw new PodRejected(`persistentvolumeclaim "${claimName}" not found`);
    if (claim.status?.phase === 'Lost') {
      const message = `persistentvolumeclaim "${claimName}" bound to non-existent persistentvolume "${claim.spec.volumeName}"`;
      throw new PodRejected(message);
    }
    if (claim.metadata.deletionTimestamp !== undefined) {
      throw new PodRejected(`persistentvolumeclaim "${claimName}" is being deleted`);
    }
    return [claim];
  });
}

export function waitsForConsumer(claim: PersistentVolumeClaim, client: Client): boolean {
  return classOf(claim, client)?.volumeBindingMode === 'WaitForFirstConsumer';
}

function classOf(claim: PersistentVolumeClaim, client: Client): StorageClass | undefined {
  const { storageClassName } = claim.spec;
  return storageClassName ? client.get<StorageClass>(CLASSES, undefined, storageClassName) : undefined;
}

function reachable(volume: PersistentVolume, node: NodeInfo): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  return !required || matchesNodeSelector(required, node);
}

function canBeBound(claim: PersistentVolumeClaim, node: NodeInfo, client: Client): boolean {
  const provisioner = classOf(claim, client)?.provisioner;
  if (provisioner !== undefined && provisioner !== NO_PROVISIONER) return true;
  return client
    .list<PersistentVolume>('persistentvolumes')
    .some((volume) => fitsClaim(volume, claim) && reachable(volume, node));
}
