import { dns1123SubdomainProblems } from '../machinery/names.js';
import type { KubernetesObject, ResourceName } from '../object.js';
import type { ServedResource } from '../schema/resources.js';
import { BATCH_RULES } from './batch.js';
import { CLUSTER_RULES } from './cluster.js';
import { CONFIG_RULES } from './config.js';
import { validateMetadata, validateMetadataUpdate } from './metadata.js';
import { NETWORKING_RULES } from './networking.js';
import { POD_RULES } from './pods.js';
import type { FieldProblem } from './problems.js';
import { RBAC_RULES } from './rbac.js';
import type { ResourceRules } from './rules.js';
import { SERVICE_RULES } from './services.js';
import { STORAGE_RULES } from './storage.js';
import { WORKLOAD_RULES } from './workloads.js';

export type { FieldProblem } from './problems.js';

const rules: Record<ResourceName, ResourceRules> = {
  ...POD_RULES,
  ...WORKLOAD_RULES,
  ...BATCH_RULES,
  ...SERVICE_RULES,
  ...CONFIG_RULES,
  ...STORAGE_RULES,
  ...NETWORKING_RULES,
  ...RBAC_RULES,
  ...CLUSTER_RULES,
};

/**
 * Everything that is wrong with a new object, in the API server's order and words; nothing when it can be stored. The
 * object is decoded and defaulted. Of custom resources only the metadata is looked at.
 */
export function validateObject(object: KubernetesObject, resource: ServedResource): FieldProblem[] {
  const { nameProblems = dns1123SubdomainProblems, validate } = rules[resource.name] ?? {};
  return [
    ...validateMetadata(object.metadata, resource.namespaced, nameProblems),
    ...(validate?.(object) ?? []),
  ];
}

/** Everything that is wrong with an update: of the object as it would be, and of the change. */
export function validateUpdate(
  after: KubernetesObject,
  before: KubernetesObject,
  resource: ServedResource,
): FieldProblem[] {
  const problems = [...validateMetadataUpdate(after.metadata, before.metadata)];
  const { validate, validateUpdate: validateChange } = rules[resource.name] ?? {};
  if (sharesSpec(after, before)) return problems;
  return [...problems, ...(validateChange?.(after, before) ?? validate?.(after) ?? [])];
}

/** Writes of status alone leave the spec as the very same value, which was right before. */
function sharesSpec(after: KubernetesObject, before: KubernetesObject): boolean {
  const [now, old] = [after as { spec?: unknown }, before as { spec?: unknown }];
  return now.spec !== undefined && now.spec === old.spec;
}
