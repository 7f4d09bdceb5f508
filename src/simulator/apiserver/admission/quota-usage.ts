import type { Container, PersistentVolumeClaim, Pod, Service } from '../../api/core-v1.generated.js';
import { addQuantities, parseQuantity, type Quantity } from '../../machinery/quantity.js';
import type { KubernetesObject } from '../../object.js';
import type { ServedResource } from '../../schema/resources.js';

/** Core resources that a quota also counts by their plain names. */
const COUNTED = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
]);
const ONE = parseQuantity('1');

/** What one object takes of the things that quotas limit, by the names in `spec.hard`. */
export function usageOf(resource: ServedResource, object: KubernetesObject): Record<string, Quantity> {
  if (resource.name === 'pods') return podUsage(object as unknown as Pod);
  const usage: Record<string, Quantity> = { [`count/${resource.name}`]: ONE };
  if (COUNTED.has(resource.name)) usage[resource.name] = ONE;
  if (resource.name === 'services') addServiceUsage(usage, object as unknown as Service);
  if (resource.name === 'persistentvolumeclaims')
    addClaimUsage(usage, object as unknown as PersistentVolumeClaim);
  return usage;
}

function podUsage({ spec, status, metadata }: Pod): Record<string, Quantity> {
  // One that is over takes nothing any more, but is still an object.
  const usage: Record<string, Quantity> = { 'count/pods': ONE };
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  if (isOver && metadata.uid) return usage;
  usage['pods'] = ONE;
  for (const part of ['requests', 'limits'] as const) {
    for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
      const amount = sum(spec?.containers ?? [], part, name);
      if (!amount) continue;
      usage[`${part}.${name}`] = amount;
      if (part === 'requests') usage[name] = amount;
    }
  }
  return usage;
}

/** Undefined unless every container names it. */
function sum(containers: Container[], part: 'requests' | 'limits', name: string): Quantity | undefined {
  let total = parseQuantity('0');
  for (const { resources } of containers) {
    const amount = resources?.[part]?.[name];
    if (amount === undefined) return undefined;
    total = addQuantities(total, parseQuantity(amount));
  }
  return total;
}

function addServiceUsage(usage: Record<string, Quantity>, { spec }: Service): void {
  const ports = parseQuantity(String(spec?.ports?.length ?? 0));
  if (spec?.type === 'NodePort' || spec?.type === 'LoadBalancer') usage['services.nodeports'] = ports;
  if (spec?.type === 'LoadBalancer') usage['services.loadbalancers'] = ONE;
}

function addClaimUsage(usage: Record<string, Quantity>, { spec }: PersistentVolumeClaim): void {
  const storage = spec?.resources?.requests?.['storage'];
  if (storage === undefined) return;
  usage['requests.storage'] = parseQuantity(storage);
  if (!spec?.storageClassName) return;
  const prefix = `${spec.storageClassName}.storageclass.storage.k8s.io`;
  usage[`${prefix}/requests.storage`] = parseQuantity(storage);
  usage[`${prefix}/persistentvolumeclaims`] = ONE;
}
