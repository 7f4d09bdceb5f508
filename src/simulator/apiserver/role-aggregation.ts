import type { ClusterRole, PolicyRule } from '../api/rbac-v1.generated.js';
import { cloneJson, equalJson } from '../machinery/json.js';
import { selectorFrom, selectorMatches } from '../machinery/label-selector.js';
import type { KubernetesObject } from '../object.js';
import { systemCaller } from './caller.js';
import type { Registry } from './registry.js';
import type { Working } from './strategies/strategy.js';

const ROLES = 'clusterroles.rbac.authorization.k8s.io';
const CALLER = systemCaller('system:serviceaccount:kube-system:clusterrole-aggregation-controller', [
  'system:masters',
]);

type RoleParts = Pick<ClusterRole, 'aggregationRule' | 'rules'> & {
  metadata: { name: string; labels?: Record<string, string> | undefined };
};

/** The rules of a role that is made of those with certain labels; its own when it is not. Equal rules count once. */
function rulesOf(role: RoleParts, all: readonly RoleParts[], within: readonly string[] = []): PolicyRule[] {
  const selectors = role.aggregationRule?.clusterRoleSelectors;
  if (!selectors || within.includes(role.metadata.name)) return role.rules ?? [];
  const parsed = selectors.map((selector) => selectorFrom(selector));
  const parts = all
    .filter(
      (each) =>
        each !== role && parsed.some((selector) => selectorMatches(selector, each.metadata.labels ?? {})),
    )
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const rules: PolicyRule[] = [];
  for (const rule of parts.flatMap((part) => rulesOf(part, all, [...within, role.metadata.name]))) {
    if (!rules.some((known) => equalJson(known, rule))) rules.push(rule);
  }
  return rules;
}

/** The same roles with the rules of aggregated ones filled in. */
export function aggregateRules<T extends object>(roles: readonly T[]): T[] {
  const all = roles as unknown as readonly RoleParts[];
  return all.map((role) => ({ ...role, rules: rulesOf(role, all) })) as unknown as T[];
}

/** Keeps aggregated roles what their parts make them; https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles */
export function keepRolesAggregated(registry: Registry): void {
  const { store, catalogue } = registry.core;
  let due = false;
  const refresh = () => {
    due = false;
    const all = store.list(ROLES) as unknown as ClusterRole[];
    for (const role of all) if (role.aggregationRule) void refill(role, all);
  };
  const refill = async (role: ClusterRole, all: ClusterRole[]) => {
    const resource = catalogue.named(ROLES);
    const rules = rulesOf(role, all);
    if (!resource || equalJson(rules, role.rules ?? [])) return;
    const change = (current: Working): Working => ({ ...cloneJson(current), rules });
    const target = { resource, namespace: undefined, name: role.metadata.name };
    // A lost race is one more change, which calls for the next refresh.
    await registry.update(target, change, CALLER, { verb: 'update' }).catch(() => undefined);
  };
  store.subscribe(ROLES, ({ object, previous }) => {
    if (due || !(matters(object) || matters(previous))) return;
    due = true;
    setImmediate(refresh);
  });
}

/** Only roles with labels can be parts of others. */
const matters = (role: KubernetesObject | undefined) =>
  role !== undefined &&
  ((role as unknown as ClusterRole).aggregationRule !== undefined ||
    Object.keys(role.metadata.labels ?? {}).length > 0);
