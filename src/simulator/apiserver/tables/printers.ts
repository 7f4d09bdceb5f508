import type { KubernetesObject, ResourceName } from '../../object.js';
import { printCertificateSigningRequest, printRoleBinding } from './access.js';
import { printHorizontalPodAutoscaler } from './autoscaling.js';
import { age, type Cell, type CellPrinter } from './cell.js';
import {
  printComponentStatus,
  printConfigMap,
  printLease,
  printNamespace,
  printNode,
  printPodDisruptionBudget,
  printPriorityClass,
  printResourceQuota,
  printRuntimeClass,
  printSecret,
} from './core.js';
import { printEvent } from './events.js';
import {
  printAdmissionPolicy,
  printAdmissionPolicyBinding,
  printApiService,
  printFlowSchema,
  printPriorityLevel,
  printResourceClaim,
  printResourceSlice,
  printWebhookConfiguration,
} from './extension.js';
import { printPod } from './pods.js';
import {
  printEndpointSlice,
  printEndpoints,
  printIngress,
  printIngressClass,
  printIpAddress,
  printNetworkPolicy,
  printService,
  printServiceCidr,
} from './services.js';
import {
  printCsiDriver,
  printCsiNode,
  printPersistentVolume,
  printPersistentVolumeClaim,
  printStorageClass,
  printVolumeAttachment,
  printVolumeAttributesClass,
} from './storage.js';
import {
  printControllerRevision,
  printCronJob,
  printDaemonSet,
  printDeployment,
  printJob,
  printPodTemplate,
  printReplicaSet,
  printReplicationController,
  printStatefulSet,
} from './workloads.js';

function printNameAndAge(object: KubernetesObject, nowMs: number): Cell[] {
  return [object.metadata.name, age(object, nowMs)];
}

/** Name and Created At: what Kubernetes prints for a type that has no printer of its own. */
export function printNameAndCreation({ metadata }: KubernetesObject): Cell[] {
  return [metadata.name, metadata.creationTimestamp];
}

/**
 * The cells of every resource with columns of its own, as Kubernetes 1.36 prints them on the server side
 * (https://github.com/kubernetes/kubernetes/blob/v1.36.2/pkg/printers/internalversion/printers.go).
 */
export const PRINTERS: Record<ResourceName, CellPrinter> = {
  'apiservices.apiregistration.k8s.io': printApiService,
  'certificatesigningrequests.certificates.k8s.io': printCertificateSigningRequest,
  'clusterrolebindings.rbac.authorization.k8s.io': printRoleBinding,
  componentstatuses: printComponentStatus,
  configmaps: printConfigMap,
  'controllerrevisions.apps': printControllerRevision,
  'cronjobs.batch': printCronJob,
  'csidrivers.storage.k8s.io': printCsiDriver,
  'csinodes.storage.k8s.io': printCsiNode,
  'daemonsets.apps': printDaemonSet,
  'deployments.apps': printDeployment,
  'deviceclasses.resource.k8s.io': printNameAndAge,
  endpoints: printEndpoints,
  'endpointslices.discovery.k8s.io': printEndpointSlice,
  events: printEvent,
  'events.events.k8s.io': printEvent,
  'flowschemas.flowcontrol.apiserver.k8s.io': printFlowSchema,
  'horizontalpodautoscalers.autoscaling': printHorizontalPodAutoscaler,
  'ingressclasses.networking.k8s.io': printIngressClass,
  'ingresses.networking.k8s.io': printIngress,
  'ipaddresses.networking.k8s.io': printIpAddress,
  'jobs.batch': printJob,
  'leases.coordination.k8s.io': printLease,
  'mutatingadmissionpolicies.admissionregistration.k8s.io': printAdmissionPolicy,
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': printAdmissionPolicyBinding,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': printWebhookConfiguration,
  namespaces: printNamespace,
  'networkpolicies.networking.k8s.io': printNetworkPolicy,
  nodes: printNode,
  persistentvolumeclaims: printPersistentVolumeClaim,
  persistentvolumes: printPersistentVolume,
  'poddisruptionbudgets.policy': printPodDisruptionBudget,
  pods: printPod,
  podtemplates: printPodTemplate,
  'priorityclasses.scheduling.k8s.io': printPriorityClass,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': printPriorityLevel,
  'replicasets.apps': printReplicaSet,
  replicationcontrollers: printReplicationController,
  'resourceclaims.resource.k8s.io': printResourceClaim,
  'resourceclaimtemplates.resource.k8s.io': printNameAndAge,
  resourcequotas: printResourceQuota,
  'resourceslices.resource.k8s.io': printResourceSlice,
  'rolebindings.rbac.authorization.k8s.io': printRoleBinding,
  'runtimeclasses.node.k8s.io': printRuntimeClass,
  secrets: printSecret,
  serviceaccounts: printNameAndAge,
  'servicecidrs.networking.k8s.io': printServiceCidr,
  services: printService,
  'statefulsets.apps': printStatefulSet,
  'storageclasses.storage.k8s.io': printStorageClass,
  'validatingadmissionpolicies.admissionregistration.k8s.io': printAdmissionPolicy,
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': printAdmissionPolicyBinding,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': printWebhookConfiguration,
  'volumeattachments.storage.k8s.io': printVolumeAttachment,
  'volumeattributesclasses.storage.k8s.io': printVolumeAttributesClass,
};
