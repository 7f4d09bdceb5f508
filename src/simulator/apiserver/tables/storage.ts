import type { PersistentVolume, PersistentVolumeClaim } from '../../api/core-v1.generated.js';
import type {
  CSIDriver,
  CSINode,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../../api/storage-v1.generated.js';
import type { KubernetesObject } from '../../object.js';
import { age, type Cell, NONE, UNSET } from './cell.js';

const ACCESS_MODES: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

function accessModes(modes: readonly string[] | undefined): string {
  const known = Object.entries(ACCESS_MODES).filter(([mode]) => modes?.includes(mode));
  return known.map(([, short]) => short).join(',');
}

/** The class of a volume or claim; the annotation is the older form and still wins. */
function className({ metadata }: KubernetesObject, storageClassName: string | undefined): string {
  return metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? storageClassName ?? '';
}

function phaseOf({ metadata }: KubernetesObject, phase: string | undefined): string {
  return metadata.deletionTimestamp ? 'Terminating' : (phase ?? '');
}

function nameOfDefault({ metadata }: KubernetesObject, annotations: readonly string[]): string {
  const isDefault = annotations.some((each) => metadata.annotations?.[each] === 'true');
  return isDefault ? `${metadata.name} (default)` : metadata.name;
}

export function printPersistentVolume(volume: PersistentVolume, nowMs: number): Cell[] {
  const { metadata, spec = {}, status } = volume;
  return [
    metadata.name,
    spec.capacity?.['storage'] ?? '0',
    accessModes(spec.accessModes),
    spec.persistentVolumeReclaimPolicy ?? '',
    phaseOf(volume, status?.phase),
    spec.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '',
    className(volume, spec.storageClassName),
    spec.volumeAttributesClassName ?? UNSET,
    status?.reason ?? '',
    age(volume, nowMs),
    spec.volumeMode ?? UNSET,
  ];
}

export function printPersistentVolumeClaim(claim: PersistentVolumeClaim, nowMs: number): Cell[] {
  const { metadata, spec, status } = claim;
  const bound = Boolean(spec.volumeName);
  return [
    metadata.name,
    phaseOf(claim, status?.phase),
    spec.volumeName ?? '',
    bound ? (status?.capacity?.['storage'] ?? '0') : '',
    bound ? accessModes(status?.accessModes) : '',
    className(claim, spec.storageClassName),
    spec.volumeAttributesClassName ?? UNSET,
    age(claim, nowMs),
    spec.volumeMode ?? UNSET,
  ];
}

export function printStorageClass(storageClass: StorageClass, nowMs: number): Cell[] {
  return [
    nameOfDefault(storageClass, [
      'storageclass.kubernetes.io/is-default-class',
      'storageclass.beta.kubernetes.io/is-default-class',
    ]),
    storageClass.provisioner,
    storageClass.reclaimPolicy ?? 'Delete',
    storageClass.volumeBindingMode ?? 'Immediate',
    storageClass.allowVolumeExpansion ?? false,
    age(storageClass, nowMs),
  ];
}

export function printVolumeAttributesClass(attributesClass: VolumeAttributesClass, nowMs: number): Cell[] {
  return [
    nameOfDefault(attributesClass, ['volumeattributesclass.kubernetes.io/is-default-class']),
    attributesClass.driverName,
    age(attributesClass, nowMs),
  ];
}

export function printVolumeAttachment(attachment: VolumeAttachment, nowMs: number): Cell[] {
  const { metadata, spec, status } = attachment;
  return [
    metadata.name,
    spec.attacher,
    spec.source.persistentVolumeName ?? '',
    spec.nodeName,
    status?.attached ?? false,
    age(attachment, nowMs),
  ];
}

export function printCsiDriver(driver: CSIDriver, nowMs: number): Cell[] {
  const { metadata, spec } = driver;
  return [
    metadata.name,
    spec.attachRequired ?? true,
    spec.podInfoOnMount ?? false,
    spec.storageCapacity ?? false,
    spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? UNSET,
    spec.requiresRepublish ?? false,
    spec.volumeLifecycleModes?.join(',') || NONE,
    age(driver, nowMs),
  ];
}

export function printCsiNode(node: CSINode, nowMs: number): Cell[] {
  return [node.metadata.name, node.spec.drivers.length, age(node, nowMs)];
}
