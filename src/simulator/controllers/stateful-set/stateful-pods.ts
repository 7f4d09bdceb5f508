import type { ControllerRevision, StatefulSet } from '../../api/apps-v1.generated.js';
import type { PersistentVolumeClaim, Pod, Volume } from '../../api/core-v1.generated.js';
import { cloneJson } from '../../machinery/json.js';
import type { Draft } from '../../object.js';
import { recordedTemplate } from '../shared/controller-revisions.js';
import { controllerReference } from '../shared/owner-references.js';
import { podFromTemplate } from '../shared/pod-control.js';
import { isPodReady } from '../shared/pod-state.js';

export const REVISION_LABEL = 'controller-revision-hash';
const POD_NAME = 'statefulset.kubernetes.io/pod-name';
const POD_INDEX = 'apps.kubernetes.io/pod-index';

export const replicasOf = (set: StatefulSet) => set.spec.replicas ?? 1;
export const firstOrdinal = (set: StatefulSet) => set.spec.ordinals?.start ?? 0;
export const revisionOf = (pod: Pod) => pod.metadata.labels?.[REVISION_LABEL];

/** The number at the end of the pod's name; undefined when the name is not of this set. */
export function ordinalOf(set: StatefulSet, pod: Pick<Pod, 'metadata'>): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const { name } = pod.metadata;
  if (!name.startsWith(prefix)) return undefined;
  const digits = name.slice(prefix.length);
  return /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : undefined;
}

export function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isPodReady(pod);
}

/** The pod of one ordinal: a name, host name and claims of its own that outlive it. */
export function statefulPod(set: StatefulSet, revision: ControllerRevision, ordinal: number): Draft<Pod> {
  const pod = podFromTemplate(recordedTemplate(revision), set);
  const name = `${set.metadata.name}-${ordinal}`;
  const { generateName: _, ...metadata } = pod.metadata;
  const claims = claimNames(set, ordinal);
  const volumes = [
    ...(pod.spec.volumes ?? []).filter((volume) => !claims.has(volume.name)),
    ...[...claims].map(
      ([volume, claimName]): Volume => ({ name: volume, persistentVolumeClaim: { claimName } }),
    ),
  ];
  return {
    ...pod,
    metadata: {
      ...metadata,
      name,
      labels: {
        ...metadata.labels,
        [POD_NAME]: name,
        [POD_INDEX]: String(ordinal),
        [REVISION_LABEL]: revision.metadata.name,
      },
    },
    spec: {
      ...pod.spec,
      hostname: name,
      ...(set.spec.serviceName !== undefined && { subdomain: set.spec.serviceName }),
      ...(volumes.length > 0 && { volumes }),
    },
  };
}

/** The claims of one ordinal, as its pod wants them to be there. */
export function claimsOf(set: StatefulSet, ordinal: number): Draft<PersistentVolumeClaim>[] {
  const names = claimNames(set, ordinal);
  const owned = set.spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete';
  return (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: names.get(template.metadata.name) ?? template.metadata.name,
      namespace: set.metadata.namespace,
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
      ...(template.metadata.annotations && { annotations: { ...template.metadata.annotations } }),
      ...(owned && { ownerReferences: [controllerReference(set)] }),
    },
    spec: cloneJson(template.spec),
  }));
}

/** Claim names by the volume names they are mounted as. */
function claimNames(set: StatefulSet, ordinal: number): Map<string, string> {
  return new Map(
    (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => [
      metadata.name,
      `${metadata.name}-${set.metadata.name}-${ordinal}`,
    ]),
  );
}
