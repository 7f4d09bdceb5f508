import type { PersistentVolume, PersistentVolumeClaim } from '../../api/core-v1.generated.js';
import { selectorFrom, selectorMatches } from '../../machinery/label-selector.js';
import { quantityToBytes } from '../../machinery/quantity.js';

/** Whether the volume was reserved for or given to this claim. */
export function isFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = volume.spec?.claimRef;
  return (
    reference?.name === claim.metadata.name &&
    reference.namespace === claim.metadata.namespace &&
    (!reference.uid || reference.uid === claim.metadata.uid)
  );
}

/** Whether a free volume could serve the claim: class, size, access modes, volume mode, labels. */
export function fitsClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { spec = {} } = volume;
  if (spec.claimRef ? !isFor(volume, claim) : volume.status?.phase !== 'Available') return false;
  if (volume.metadata.deletionTimestamp !== undefined) return false;
  if (claim.spec.volumeName && claim.spec.volumeName !== volume.metadata.name) return false;
  return (
    (spec.storageClassName ?? '') === (claim.spec.storageClassName ?? '') &&
    (spec.volumeMode ?? 'Filesystem') === (claim.spec.volumeMode ?? 'Filesystem') &&
    (claim.spec.accessModes ?? []).every((mode) => spec.accessModes?.includes(mode)) &&
    capacityOf(volume) >= requestOf(claim) &&
    (!claim.spec.selector || selectorMatches(selectorFrom(claim.spec.selector), volume.metadata.labels ?? {}))
  );
}

/** Bytes. */
export function capacityOf(volume: PersistentVolume): number {
  return quantityToBytes(volume.spec?.capacity?.storage ?? '0');
}

/** Bytes. */
export function requestOf(claim: PersistentVolumeClaim): number {
  return quantityToBytes(claim.spec.resources?.requests?.storage ?? '0');
}
