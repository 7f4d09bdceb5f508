import { defaultIngressClass, defaultStorageClass } from './default-classes.js';
import { defaultTolerationSeconds } from './default-toleration-seconds.js';
import { limitRanger } from './limit-ranger.js';
import { namespaceLifecycle } from './namespace-lifecycle.js';
import type { AdmissionPlugin } from './plugin.js';
import { priorityAdmission } from './priority.js';
import { resourceQuota } from './resource-quota.js';
import { serviceAccountAdmission } from './service-account.js';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.js';

/** In the order of a real API server; https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#which-plugins-are-enabled-by-default */
export const ADMISSION_PLUGINS: readonly AdmissionPlugin[] = [
  namespaceLifecycle,
  limitRanger,
  serviceAccountAdmission,
  priorityAdmission,
  defaultTolerationSeconds,
  defaultStorageClass,
  storageObjectInUseProtection,
  defaultIngressClass,
  resourceQuota,
];
