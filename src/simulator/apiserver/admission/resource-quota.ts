import type { Pod, ResourceQuota } from '../../api/core-v1.generated.js';
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  type Quantity,
} from '../../machinery/quantity.js';
import type { KubernetesObject } from '../../object.js';
import { forbidden } from '../api-error.js';
import type { AdmissionPlugin, AdmissionRequest } from './plugin.js';
import { usageOf } from './quota-usage.js';

/**
 * Refuses what would take a namespace over a quota. Usage is counted from the store at each request, so it is never
 * behind; the quota's status, which people read, is a controller's work.
 * https://kubernetes.io/docs/concepts/policy/resource-quotas/
 */
export const resourceQuota: AdmissionPlugin = {
  name: 'ResourceQuota',
  validate(request) {
    const { operation, namespace, core, subresource, resource } = request;
    if (operation !== 'CREATE' || namespace === undefined || subresource !== undefined) return;
    if (resource.name === 'resourcequotas' || core.store.count('resourcequotas', namespace) === 0) return;
    for (const quota of core.store.list('resourcequotas', namespace) as unknown as ResourceQuota[])
      check(request, quota);
  },
};

function check(request: AdmissionRequest, quota: ResourceQuota): void {
  const { resource, object } = request;
  const { hard = {}, scopes, scopeSelector } = quota.spec ?? {};
  if (scopes?.length || scopeSelector) return;
  const asked = usageOf(resource, object);
  const names = Object.keys(hard).filter((name) => name in asked);
  const unnamed = resource.name === 'pods' ? missing(hard, asked) : [];
  const name = object.metadata.name ?? '';
  if (unnamed.length > 0) {
    throw forbidden(
      resource,
      name,
      `failed quota: ${quota.metadata.name}: must specify ${describeMissing(object, unnamed)}`,
    );
  }
  const used = usedIn(request, names);
  const over = names.filter((each) => {
    const total = addQuantities(used[each] as Quantity, asked[each] as Quantity);
    return compareQuantities(total, parseQuantity(hard[each] ?? '0')) > 0;
  });
  if (over.length === 0) return;
  const show = (amounts: (each: string) => string) =>
    over
      .sort()
      .map((each) => `${each}=${amounts(each)}`)
      .join(',');
  const requested = show((each) => formatQuantity(asked[each] as Quantity));
  const usedText = show((each) => formatQuantity(used[each] as Quantity));
  const limited = show((each) => hard[each] ?? '');
  const why = `exceeded quota: ${quota.metadata.name}, requested: ${requested}, used: ${usedText}, limited: ${limited}`;
  throw forbidden(resource, name, why);
}

/** Compute resources that the quota limits must be named by every container. */
function missing(hard: Record<string, string>, asked: Record<string, Quantity>): string[] {
  const compute = /^(?:(?:requests|limits)\.)?(?:cpu|memory)$/;
  return Object.keys(hard)
    .filter((name) => compute.test(name) && !(name in asked))
    .sort();
}

function describeMissing(object: KubernetesObject, names: string[]): string {
  const { spec } = object as unknown as Pod;
  const containers = (spec?.containers ?? []).map(({ name }) => name).join(',');
  return names.map((name) => `${name} for: ${containers}`).join('; ');
}

function usedIn({ core, namespace, resource }: AdmissionRequest, names: string[]): Record<string, Quantity> {
  const used: Record<string, Quantity> = {};
  for (const name of names) used[name] = parseQuantity('0');
  for (const object of core.store.list(resource.name, namespace)) {
    const usage = usageOf(resource, object);
    for (const name of names) {
      const amount = usage[name];
      if (amount) used[name] = addQuantities(used[name] as Quantity, amount);
    }
  }
  return used;
}
