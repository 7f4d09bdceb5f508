import type { KubernetesObject, ResourceName } from '../../object.js';
import type { ServedResource } from '../../schema/resources.js';
import type { Working } from '../strategies/strategy.js';
import type { Conversion } from './conversion.js';
import { EVENT_CONVERSION } from './event.js';
import { AUTOSCALER_CONVERSION } from './horizontal-pod-autoscaler.js';

/** By `apiVersion/plural` of the version that is not stored. */
const CONVERSIONS: Record<string, Conversion> = {
  'events.k8s.io/v1/events': EVENT_CONVERSION,
  'autoscaling/v1/horizontalpodautoscalers': AUTOSCALER_CONVERSION,
};

/** Looked up once a resource: a list asks for each of its objects. */
const known = new WeakMap<ServedResource, { conversion: Conversion | undefined }>();

function conversionOf(resource: ServedResource): Conversion | undefined {
  const found = known.get(resource) ?? {
    conversion: CONVERSIONS[`${resource.apiVersion}/${resource.plural}`],
  };
  known.set(resource, found);
  return found.conversion;
}

/** Converted once per stored object: readers in the other version get the same object each time, too. */
const served = new WeakMap<KubernetesObject, Map<string, KubernetesObject>>();

/** The name under which the store has the objects of this resource. */
export function storageOf(resource: ServedResource): ResourceName {
  return conversionOf(resource)?.storedAs ?? resource.name;
}

export function toStored(resource: ServedResource, object: Working): Working {
  return conversionOf(resource)?.toStored(object) ?? object;
}

/** The stored object in the version of `resource`. Shared and immutable, as stored objects are. */
export function fromStored(resource: ServedResource, stored: KubernetesObject): KubernetesObject {
  const conversion = conversionOf(resource);
  if (!conversion && stored.apiVersion === resource.apiVersion) return stored;
  const versions = served.get(stored) ?? new Map<string, KubernetesObject>();
  served.set(stored, versions);
  const earlier = versions.get(resource.apiVersion);
  if (earlier) return earlier;
  const converted = conversion
    ? conversion.fromStored(stored as Working)
    : { ...stored, apiVersion: resource.apiVersion };
  versions.set(resource.apiVersion, converted);
  return converted;
}
