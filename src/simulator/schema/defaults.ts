import { cloneJson, isObject, type JsonObject } from '../machinery/json.js';
import type { KubernetesObject } from '../object.js';
import { APPS_DEFAULTS } from './defaults/apps.js';
import { BATCH_DEFAULTS } from './defaults/batch.js';
import { CLUSTER_DEFAULTS } from './defaults/cluster.js';
import { CORE_DEFAULTS } from './defaults/core.js';
import type { Defaulter } from './defaults/defaulter.js';
import { EXTENSION_DEFAULTS } from './defaults/extensions.js';
import { POD_DEFAULTS } from './defaults/pods.js';
import { typeDefinition, typeNameOf, type ValueDefinition } from './types.js';

const defaulters: Record<string, Defaulter> = {
  ...POD_DEFAULTS,
  ...CORE_DEFAULTS,
  ...APPS_DEFAULTS,
  ...BATCH_DEFAULTS,
  ...CLUSTER_DEFAULTS,
  ...EXTENSION_DEFAULTS,
};

/**
 * Fills in what the API server fills in when a client leaves it out, in place. The object must be fresh (a decoded body),
 * never a stored one. Does nothing for custom resources. Applying it twice is the same as once.
 */
export function applyDefaults(object: KubernetesObject): void {
  const typeName = typeNameOf(object.apiVersion, object.kind);
  if (typeName !== undefined) planOf(typeName)?.(object as unknown as JsonObject);
}

/** Plans of types by full name; undefined where nothing in or under the type has defaults. */
const plans = new Map<string, Defaulter | undefined>();

function planOf(typeName: string): Defaulter | undefined {
  if (!plans.has(typeName)) {
    plans.set(typeName, (value) => planOf(typeName)?.(value));
    plans.set(typeName, makePlan(typeName));
  }
  return plans.get(typeName);
}

function makePlan(typeName: string): Defaulter | undefined {
  const own = defaulters[typeName.replace(/^io\.k8s\.api\./, '')];
  const constants: [name: string, value: unknown][] = [];
  const nested: [name: string, visit: (value: unknown) => void][] = [];
  for (const [name, field] of Object.entries(typeDefinition(typeName)?.fields ?? {})) {
    if (field.default !== undefined && field.default !== 0 && field.default !== false)
      constants.push([name, field.default]);
    const visit = visitorOf(field);
    if (visit) nested.push([name, visit]);
  }
  if (!own && constants.length === 0 && nested.length === 0) return undefined;
  return (value) => {
    for (const [name, constant] of constants) value[name] ??= cloneJson(constant);
    own?.(value);
    for (const [name, visit] of nested) if (value[name] !== undefined) visit(value[name]);
  };
}

function visitorOf(definition: ValueDefinition): ((value: unknown) => void) | undefined {
  if (definition.ref !== undefined) {
    const plan = planOf(definition.ref);
    return plan && ((value) => isObject(value) && plan(value));
  }
  const each = definition.items ?? definition.values;
  const visit = each && visitorOf(each);
  if (!visit) return undefined;
  return (value) => {
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
}
