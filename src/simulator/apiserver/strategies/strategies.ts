import type { ResourceName } from '../../object.js';
import type { ServedResource } from '../../schema/resources.js';
import { certificateSigningRequests } from './certificate-signing-requests.js';
import { customResourceDefinitions } from './custom-resource-definitions.js';
import { customResources } from './custom-resources.js';
import { daemonSets } from './daemon-sets.js';
import { jobs } from './jobs.js';
import { namespaces } from './namespaces.js';
import { pods } from './pods.js';
import { secrets } from './secrets.js';
import { services } from './services.js';
import type { Strategy } from './strategy.js';
import { persistentVolumeClaims, persistentVolumes } from './volumes.js';

/** What is particular to a resource. One that is not here is written as the registry writes all. */
const STRATEGIES: Record<ResourceName, Strategy> = {
  'certificatesigningrequests.certificates.k8s.io': certificateSigningRequests,
  'customresourcedefinitions.apiextensions.k8s.io': customResourceDefinitions,
  'daemonsets.apps': daemonSets,
  'jobs.batch': jobs,
  namespaces,
  persistentvolumeclaims: persistentVolumeClaims,
  persistentvolumes: persistentVolumes,
  pods,
  secrets,
  services,
};

const PLAIN: Strategy = {};

export function strategyOf(resource: ServedResource): Strategy {
  if (resource.custom) return customResources;
  return STRATEGIES[resource.name] ?? PLAIN;
}
