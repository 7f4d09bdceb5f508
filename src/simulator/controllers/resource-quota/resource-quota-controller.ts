import type { ResourceQuota } from '../../api/core-v1.generated.js';
import { usageOf } from '../../apiserver/admission/quota-usage.js';
import { equalJson } from '../../machinery/json.js';
import { addQuantities, formatQuantity, parseQuantity, type Quantity } from '../../machinery/quantity.js';
import { BUILT_IN_RESOURCES, type ServedResource } from '../../schema/resources.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { unlessGone } from '../shared/error-reason.js';
import { watchEveryResource } from '../shared/every-resource.js';
import { keyOf, splitKey } from '../shared/object-key.js';

const QUOTAS = 'resourcequotas';

const served = new Map<string, ServedResource>();
for (const resource of BUILT_IN_RESOURCES)
  if (!served.has(resource.name)) served.set(resource.name, resource);

/** Keeps `status.used` of each ResourceQuota. https://kubernetes.io/docs/concepts/policy/resource-quotas/ */
export function resourceQuotaController({ client }: ControllerContext): Controller {
  return {
    watches: [
      onChange<ResourceQuota>(QUOTAS, ({ type, object }) => (type === 'DELETED' ? [] : [keyOf(object)])),
      (_client, enqueue) =>
        watchEveryResource(client, (resource, { object }) => {
          const { namespace } = object.metadata;
          if (!resource.namespaced || namespace === undefined || resource.name === 'events') return;
          for (const quota of client.list<ResourceQuota>(QUOTAS, { namespace })) {
            if (counts(quota, resource.name)) enqueue(keyOf(quota));
          }
        }),
    ],
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const quota = client.get<ResourceQuota>(QUOTAS, namespace, name);
      if (!quota) return undefined;
      const hard = quota.spec?.hard ?? {};
      const status = { hard, used: usedBy(quota, Object.keys(hard)) };
      if (!equalJson(quota.status, status))
        await unlessGone(client.updateStatus(QUOTAS, { ...quota, status }));
      return undefined;
    },
  };

  function usedBy(quota: ResourceQuota, names: string[]): Record<string, string> {
    const { namespace } = quota.metadata;
    const used = new Map<string, Quantity>(names.map((name) => [name, parseQuantity('0')]));
    for (const resource of served.values()) {
      if (!resource.namespaced || !counts(quota, resource.name)) continue;
      for (const object of client.list(resource.name, { ...(namespace !== undefined && { namespace }) })) {
        for (const [name, amount] of Object.entries(usageOf(resource, object))) {
          const total = used.get(name);
          if (total) used.set(name, addQuantities(total, amount));
        }
      }
    }
    return Object.fromEntries([...used].map(([name, amount]) => [name, formatQuantity(amount)]));
  }
}

const COMPUTE = /^(?:(?:requests|limits)\.)?(?:cpu|memory|ephemeral-storage)$/;

/** Whether objects of this resource may use something the quota limits. */
function counts({ spec }: ResourceQuota, resource: string): boolean {
  return Object.keys(spec?.hard ?? {}).some((name) => {
    if (name === resource || name === `count/${resource}`) return true;
    if (resource === 'pods') return COMPUTE.test(name);
    if (resource === 'services') return name.startsWith('services.');
    if (resource === 'persistentvolumeclaims')
      return name.includes('storage') || name.endsWith('/persistentvolumeclaims');
    return false;
  });
}
