import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/core-v1.generated.js';
import type { StorageClass } from '../../api/storage-v1.generated.js';
import { timestamp } from '../../clock/clock.js';
import { equalJson } from '../../machinery/json.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { unlessGone } from '../shared/error-reason.js';
import { keyFor, keyOf, splitKey } from '../shared/object-key.js';
import { capacityOf, fitsClaim, isFor } from './volume-match.js';

const EVENT_SOURCE = 'persistentvolume-controller';
const CLAIMS = 'persistentvolumeclaims';
const VOLUMES = 'persistentvolumes';
const CLASSES = 'storageclasses.storage.k8s.io';
const NO_PROVISIONER = 'kubernetes.io/no-provisioner';
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
export const STORAGE_PROVISIONER = 'volume.kubernetes.io/storage-provisioner';
const BETA_STORAGE_PROVISIONER = 'volume.beta.kubernetes.io/storage-provisioner';
const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';

/** Marks keys of volumes; claims are keyed by their namespace and name. */
const VOLUME = 'volume:';

/**
 * Brings claims and volumes together: binds what fits, asks provisioners for what is missing, and follows the phases.
 * https://kubernetes.io/docs/concepts/storage/persistent-volumes/
 */
export function volumeBinder({ client, clock }: ControllerContext): Controller {
  return {
    watches: [
      onChange<PersistentVolumeClaim>(CLAIMS, ({ type, object, previous }) => {
        if (type === 'MODIFIED' && previous && bindsTheSame(previous, object)) return [];
        const { volumeName } = object.spec;
        return [keyOf(object), ...(volumeName ? [VOLUME + volumeName] : [])];
      }),
      onChange<PersistentVolume>(VOLUMES, ({ object }) => [
        VOLUME + object.metadata.name,
        ...(object.spec?.claimRef
          ? [keyFor(object.spec.claimRef.namespace, object.spec.claimRef.name ?? '')]
          : pendingClaims()),
      ]),
      onChange<StorageClass>(CLASSES, ({ type }) => (type === 'ADDED' ? pendingClaims() : [])),
    ],
    reconcile: (key) =>
      key.startsWith(VOLUME) ? reconcileVolume(key.slice(VOLUME.length)) : reconcileClaim(key),
    // Two claims must not take the same volume.
    concurrency: 1,
  };

  function pendingClaims(): string[] {
    return client
      .list<PersistentVolumeClaim>(CLAIMS)
      .filter((claim) => claim.status?.phase !== 'Bound')
      .map(keyOf);
  }

  async function reconcileClaim(key: string) {
    const { namespace, name } = splitKey(key);
    const claim = client.get<PersistentVolumeClaim>(CLAIMS, namespace, name);
    if (!claim) return undefined;
    if (claim.metadata.annotations?.[BIND_COMPLETED]) return checkBound(claim);
    if (claim.metadata.deletionTimestamp !== undefined) return undefined;
    const volume = chooseVolume(claim);
    if (volume) return bind(claim, volume);
    await askForVolume(claim);
    return undefined;
  }

  /** The volume reserved for the claim, or else the smallest that fits; none while a consumer's node is awaited. */
  function chooseVolume(claim: PersistentVolumeClaim): PersistentVolume | undefined {
    const volumes = client.list<PersistentVolume>(VOLUMES).filter((volume) => fitsClaim(volume, claim));
    const reserved = volumes.find((volume) => volume.spec?.claimRef && isFor(volume, claim));
    if (reserved) return reserved;
    if (claim.spec.volumeName === undefined && waitsForConsumer(claim)) return undefined;
    return volumes.sort((a, b) => capacityOf(a) - capacityOf(b))[0];
  }

  function waitsForConsumer(claim: PersistentVolumeClaim): boolean {
    const delayed = classOf(claim)?.volumeBindingMode === 'WaitForFirstConsumer';
    return delayed && claim.metadata.annotations?.[SELECTED_NODE] === undefined;
  }

  function classOf({ spec: { storageClassName } }: PersistentVolumeClaim): StorageClass | undefined {
    return storageClassName ? client.get<StorageClass>(CLASSES, undefined, storageClassName) : undefined;
  }

  /** Says in events what an unbound claim waits for, and names the provisioner that is to make its volume. */
  async function askForVolume(claim: PersistentVolumeClaim): Promise<void> {
    if (claim.status?.phase !== 'Pending') return setPending(claim);
    const { storageClassName } = claim.spec;
    const storageClass = classOf(claim);
    if (claim.spec.volumeName) return;
    if (!storageClassName) {
      const message = 'no persistent volumes available for this claim and no storage class is set';
      return note(claim, 'Normal', 'FailedBinding', message);
    }
    if (!storageClass) {
      const message = `storageclass.storage.k8s.io "${storageClassName}" not found`;
      return note(claim, 'Warning', 'ProvisioningFailed', message);
    }
    if (waitsForConsumer(claim)) return noteConsumer(claim);
    const { provisioner } = storageClass;
    if (provisioner === NO_PROVISIONER) {
      const message = 'no volume plugin matched name: kubernetes.io/no-provisioner';
      return note(claim, 'Warning', 'ProvisioningFailed', message);
    }
    const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
    note(claim, 'Normal', 'ExternalProvisioning', message);
    await annotate(claim, { [STORAGE_PROVISIONER]: provisioner, [BETA_STORAGE_PROVISIONER]: provisioner });
  }

  function noteConsumer(claim: PersistentVolumeClaim): void {
    const { namespace, name } = claim.metadata;
    const consumer = client
      .list<Pod>('pods', { ...(namespace !== undefined && { namespace }) })
      .find((pod) => pod.spec.volumes?.some((volume) => volume.persistentVolumeClaim?.claimName === name));
    const [reason, message]: [string, string] = consumer
      ? ['WaitForPodScheduled', `waiting for pod ${consumer.metadata.name} to be scheduled`]
      : ['WaitForFirstConsumer', 'waiting for first consumer to be created before binding'];
    note(claim, 'Normal', reason, message);
  }

  /** The write brings the claim back here. */
  async function setPending(claim: PersistentVolumeClaim): Promise<void> {
    await unlessGone(client.updateStatus(CLAIMS, { ...claim, status: { phase: 'Pending' } }));
  }

  async function annotate(claim: PersistentVolumeClaim, annotations: Record<string, string>): Promise<void> {
    const present = claim.metadata.annotations ?? {};
    if (Object.entries(annotations).every(([key, value]) => present[key] === value)) return;
    const { namespace, name, uid } = claim.metadata;
    await unlessGone(client.mergePatch(CLAIMS, namespace, name, { metadata: { uid, annotations } }));
  }

  /** Ties both to each other: first the volume, then the claim, then their phases. */
  async function bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<undefined> {
    const { namespace, name, uid, resourceVersion } = claim.metadata;
    const reserved = volume.spec?.claimRef !== undefined;
    const claimRef = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      namespace,
      name,
      uid,
      resourceVersion,
    };
    if (volume.spec?.claimRef?.uid !== uid) {
      await client.mergePatch(VOLUMES, undefined, volume.metadata.name, {
        metadata: reserved ? {} : { annotations: { [BOUND_BY_CONTROLLER]: 'yes' } },
        spec: { claimRef },
      });
    }
    const chosen = claim.spec.volumeName !== undefined;
    const bound = await client.mergePatch<PersistentVolumeClaim>(CLAIMS, namespace, name, {
      metadata: {
        uid,
        annotations: { [BIND_COMPLETED]: 'yes', ...(!chosen && { [BOUND_BY_CONTROLLER]: 'yes' }) },
      },
      spec: { volumeName: volume.metadata.name },
    });
    return checkBound(bound);
  }

  async function checkBound(claim: PersistentVolumeClaim): Promise<undefined> {
    const volume = client.get<PersistentVolume>(VOLUMES, undefined, claim.spec.volumeName ?? '');
    if (!volume || !isFor(volume, claim)) {
      if (claim.status?.phase === 'Lost') return undefined;
      const message = 'Bound claim has lost its PersistentVolume. Data on the volume is lost!';
      await unlessGone(client.updateStatus(CLAIMS, { ...claim, status: { phase: 'Lost' } }));
      note(claim, 'Warning', 'ClaimLost', message);
      return undefined;
    }
    const { accessModes, capacity } = volume.spec ?? {};
    const status = { ...claim.status, phase: 'Bound' as const, accessModes, capacity };
    if (!equalJson(claim.status, status)) await unlessGone(client.updateStatus(CLAIMS, { ...claim, status }));
    await reconcileVolume(volume.metadata.name);
    return undefined;
  }

  async function reconcileVolume(name: string) {
    const volume = client.get<PersistentVolume>(VOLUMES, undefined, name);
    if (!volume) return undefined;
    const { claimRef } = volume.spec ?? {};
    if (!claimRef) return setPhase(volume, 'Available');
    const claim = client.get<PersistentVolumeClaim>(CLAIMS, claimRef.namespace, claimRef.name ?? '');
    if (claimRef.uid && claim?.metadata.uid !== claimRef.uid) return release(volume);
    if (claim?.spec.volumeName === name) return setPhase(volume, 'Bound');
    return volume.status?.phase === undefined || volume.status.phase === 'Pending'
      ? setPhase(volume, 'Available')
      : undefined;
  }

  /** The claim is gone: a volume to be deleted goes when its provisioner took it away, others stay as they are. */
  async function release(volume: PersistentVolume): Promise<undefined> {
    await setPhase(volume, 'Released');
    const provisioned = volume.metadata.annotations?.['pv.kubernetes.io/provisioned-by'] !== undefined;
    if (volume.spec?.persistentVolumeReclaimPolicy === 'Delete' && !provisioned) {
      note(volume, 'Warning', 'VolumeFailedDelete', 'no deletable volume plugin matched');
    }
    return undefined;
  }

  async function setPhase(
    volume: PersistentVolume,
    phase: 'Available' | 'Bound' | 'Released',
  ): Promise<undefined> {
    if (volume.status?.phase === phase) return undefined;
    const status = { ...volume.status, phase, lastPhaseTransitionTime: timestamp(clock) };
    await unlessGone(client.updateStatus(VOLUMES, { ...volume, status }));
    return undefined;
  }

  function note(
    about: PersistentVolume | PersistentVolumeClaim,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): void {
    client.note({ about, type, reason, message, source: EVENT_SOURCE });
  }
}

/** Finalizers and labels come and go without a meaning for binding. */
function bindsTheSame(before: PersistentVolumeClaim, now: PersistentVolumeClaim): boolean {
  return (
    equalJson(before.spec, now.spec) &&
    equalJson(before.status, now.status) &&
    equalJson(before.metadata.annotations, now.metadata.annotations) &&
    before.metadata.deletionTimestamp === now.metadata.deletionTimestamp
  );
}
