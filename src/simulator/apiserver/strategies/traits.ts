import type { ResourceName } from '../../object.js';
import type { ServedResource } from '../../schema/resources.js';

/**
 * Resources whose `metadata.generation` counts the changes of what is desired. Others have none.
 * Source: the registry strategies of Kubernetes 1.36 (pkg/registry) that set Generation on create.
 */
const WITH_GENERATION = new Set<ResourceName>([
  'pods',
  'replicationcontrollers',
  'daemonsets.apps',
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'cronjobs.batch',
  'jobs.batch',
  'endpointslices.discovery.k8s.io',
  'ingresses.networking.k8s.io',
  'ingressclasses.networking.k8s.io',
  'networkpolicies.networking.k8s.io',
  'poddisruptionbudgets.policy',
  'priorityclasses.scheduling.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io',
  'flowschemas.flowcontrol.apiserver.k8s.io',
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
  'mutatingadmissionpolicies.admissionregistration.k8s.io',
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'validatingadmissionpolicybindings.admissionregistration.k8s.io',
]);

/** An update of one that does not exist makes it. Source: AllowCreateOnUpdate in pkg/registry. */
const CREATED_BY_UPDATE = new Set<ResourceName>([
  'endpoints',
  'events',
  'limitranges',
  'services',
  'leases.coordination.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
  'roles.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
]);

/** A DELETE answers with the object that is gone, not with a Status. Source: ReturnDeletedObject in pkg/registry. */
const ANSWERED_WITH_DELETED_OBJECT = new Set<ResourceName>([
  'pods',
  'podtemplates',
  'persistentvolumes',
  'persistentvolumeclaims',
  'resourcequotas',
  'services',
  'serviceaccounts',
]);

/** Dependents stay unless the request says otherwise. Source: DefaultGarbageCollectionPolicy in pkg/registry. */
const ORPHANS_BY_DEFAULT = new Set<ResourceName>(['jobs.batch', 'replicationcontrollers']);

/** Objects whose status comes with them when they are made (a kubelet registers its Node with it). */
const STATUS_KEPT_ON_CREATE = new Set<ResourceName>(['nodes']);

/** Kinds whose empty status is left out of the stored object. */
const NO_EMPTY_STATUS = new Set<ResourceName>(['validatingadmissionpolicies.admissionregistration.k8s.io']);

export const hasGeneration = (resource: ServedResource) =>
  resource.custom === true || WITH_GENERATION.has(resource.name);
export const isCreatedByUpdate = (resource: ServedResource) => CREATED_BY_UPDATE.has(resource.name);
export const answersWithDeletedObject = (resource: ServedResource) =>
  ANSWERED_WITH_DELETED_OBJECT.has(resource.name);
export const orphansByDefault = (resource: ServedResource) => ORPHANS_BY_DEFAULT.has(resource.name);
export const hasStatus = (resource: ServedResource) => 'status' in resource.subresources;
export const keepsStatusOnCreate = (resource: ServedResource) => STATUS_KEPT_ON_CREATE.has(resource.name);
export const showsEmptyStatus = (resource: ServedResource) =>
  resource.custom !== true && !NO_EMPTY_STATUS.has(resource.name);
/** Whether an update may leave the resourceVersion out and so overwrite whatever is there. */
export const allowsUnconditionalUpdate = (resource: ServedResource) => resource.custom !== true;
