import type { Lease } from '../../api/coordination-v1.generated.js';
import type {
  ComponentStatus,
  ConfigMap,
  Namespace,
  Node,
  ResourceQuota,
  Secret,
} from '../../api/core-v1.generated.js';
import type { RuntimeClass } from '../../api/node-v1.generated.js';
import type { PodDisruptionBudget } from '../../api/policy-v1.generated.js';
import type { PriorityClass } from '../../api/scheduling-v1.generated.js';
import { age, type Cell, isTrue, NONE } from './cell.js';

export function printConfigMap(map: ConfigMap, nowMs: number): Cell[] {
  const entries = Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length;
  return [map.metadata.name, entries, age(map, nowMs)];
}

export function printSecret(secret: Secret, nowMs: number): Cell[] {
  return [secret.metadata.name, secret.type ?? '', Object.keys(secret.data ?? {}).length, age(secret, nowMs)];
}

export function printNamespace(namespace: Namespace, nowMs: number): Cell[] {
  return [namespace.metadata.name, namespace.status?.phase ?? '', age(namespace, nowMs)];
}

const ROLE_PREFIX = 'node-role.kubernetes.io/';
const ROLE_LABEL = 'kubernetes.io/role';

function nodeRoles({ metadata }: Node): string {
  const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return [key.slice(ROLE_PREFIX.length)];
    return key === ROLE_LABEL ? [value] : [];
  });
  const named = new Set(roles.filter((role) => role !== ''));
  return [...named].sort().join(',') || NONE;
}

function nodeState({ spec, status }: Node): string {
  const known = status?.conditions?.some((condition) => condition.type === 'Ready');
  const ready = isTrue(status?.conditions, 'Ready') ? 'Ready' : 'NotReady';
  return `${known ? ready : 'Unknown'}${spec?.unschedulable ? ',SchedulingDisabled' : ''}`;
}

export function printNode(node: Node, nowMs: number): Cell[] {
  const { nodeInfo, addresses } = node.status ?? {};
  const address = (type: string) => addresses?.find((each) => each.type === type)?.address ?? NONE;
  return [
    node.metadata.name,
    nodeState(node),
    nodeRoles(node),
    age(node, nowMs),
    nodeInfo?.kubeletVersion ?? '',
    address('InternalIP'),
    address('ExternalIP'),
    nodeInfo?.osImage || '<unknown>',
    nodeInfo?.kernelVersion || '<unknown>',
    nodeInfo?.containerRuntimeVersion || '<unknown>',
  ];
}

export function printResourceQuota(quota: ResourceQuota, nowMs: number): Cell[] {
  const { hard = {}, used = {} } = quota.status ?? {};
  const requests: string[] = [];
  const limits: string[] = [];
  for (const resource of Object.keys(hard).sort()) {
    const column = resource.startsWith('limits.') ? limits : requests;
    column.push(`${resource}: ${used[resource] ?? '0'}/${hard[resource]}`);
  }
  return [quota.metadata.name, requests.join(', '), limits.join(', '), age(quota, nowMs)];
}

export function printComponentStatus({ metadata, conditions }: ComponentStatus): Cell[] {
  const healthy = conditions?.find((condition) => condition.type === 'Healthy');
  if (!healthy) return [metadata.name, 'Unknown', '', ''];
  const state = healthy.status === 'True' ? 'Healthy' : 'Unhealthy';
  return [metadata.name, state, healthy.message ?? '', healthy.error ?? ''];
}

export function printPodDisruptionBudget(budget: PodDisruptionBudget, nowMs: number): Cell[] {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  return [
    budget.metadata.name,
    `${minAvailable ?? 'N/A'}`,
    `${maxUnavailable ?? 'N/A'}`,
    budget.status?.disruptionsAllowed ?? 0,
    age(budget, nowMs),
  ];
}

export function printPriorityClass(priorityClass: PriorityClass, nowMs: number): Cell[] {
  return [
    priorityClass.metadata.name,
    priorityClass.value ?? 0,
    priorityClass.globalDefault ?? false,
    age(priorityClass, nowMs),
    priorityClass.preemptionPolicy ?? '',
  ];
}

export function printRuntimeClass(runtimeClass: RuntimeClass, nowMs: number): Cell[] {
  return [runtimeClass.metadata.name, runtimeClass.handler, age(runtimeClass, nowMs)];
}

export function printLease(lease: Lease, nowMs: number): Cell[] {
  return [lease.metadata.name, lease.spec?.holderIdentity ?? '', age(lease, nowMs)];
}
