import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../api/rbac-v1.generated.js';
import type { Store } from '../storage/store.js';
import { ApiError, forbidden } from './api-error.js';
import type { UserInfo } from './caller.js';

/** What is asked; `path` instead of a resource for what is none. */
export interface Attributes {
  verb: string;
  group: string;
  version?: string;
  /** With its subresource: `pods/log`. */
  resource: string;
  namespace?: string | undefined;
  name?: string | undefined;
  path?: string;
}

/** A rule that a binding gives, in one namespace or (undefined) in all and outside them. */
export interface GrantedRule {
  namespace: string | undefined;
  rule: PolicyRule;
}

const RBAC = 'rbac.authorization.k8s.io';
const MASTERS = 'system:masters';

/** Role-based access control over the stored roles and bindings; https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
export class Authorizer {
  /** Rules by subject, made when first asked after a role or binding changed. */
  private granted: Map<string, GrantedRule[]> | undefined;

  constructor(private readonly store: Store) {
    for (const plural of ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings']) {
      store.subscribe(`${plural}.${RBAC}`, () => {
        this.granted = undefined;
      });
    }
  }

  allows(user: UserInfo, attributes: Attributes): boolean {
    if (user.groups.includes(MASTERS)) return true;
    const covers = ({ namespace, rule }: GrantedRule) =>
      (namespace === undefined || namespace === attributes.namespace) && ruleAllows(rule, attributes);
    return subjectsOf(user).some((subject) => this.rules().get(subject)?.some(covers));
  }

  /** Every rule that the user has in `namespace`. */
  rulesOf(user: UserInfo, namespace: string): PolicyRule[] {
    const everything = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
    if (user.groups.includes(MASTERS)) return [everything, { nonResourceURLs: ['*'], verbs: ['*'] }];
    return subjectsOf(user)
      .flatMap((subject) => this.rules().get(subject) ?? [])
      .filter((granted) => granted.namespace === undefined || granted.namespace === namespace)
      .map(({ rule }) => rule);
  }

  private rules(): Map<string, GrantedRule[]> {
    this.granted ??= this.collect();
    return this.granted;
  }

  private collect(): Map<string, GrantedRule[]> {
    const granted = new Map<string, GrantedRule[]>();
    const add = (subject: string, rules: GrantedRule[]) =>
      granted.set(subject, [...(granted.get(subject) ?? []), ...rules]);
    for (const object of this.store.list(`clusterrolebindings.${RBAC}`)) {
      const binding = object as unknown as ClusterRoleBinding;
      const rules = this.rulesOfRole(binding.roleRef, undefined);
      for (const subject of binding.subjects ?? []) {
        add(
          keyOf(subject, ''),
          rules.map((rule) => ({ namespace: undefined, rule })),
        );
      }
    }
    for (const object of this.store.list(`rolebindings.${RBAC}`)) {
      const binding = object as unknown as RoleBinding;
      const namespace = binding.metadata.namespace ?? '';
      const rules = this.rulesOfRole(binding.roleRef, namespace);
      for (const subject of binding.subjects ?? []) {
        add(
          keyOf(subject, namespace),
          rules.map((rule) => ({ namespace, rule })),
        );
      }
    }
    return granted;
  }

  private rulesOfRole(
    { kind, name }: { kind: string; name: string },
    namespace: string | undefined,
  ): PolicyRule[] {
    const role =
      kind === 'ClusterRole'
        ? this.store.get(`clusterroles.${RBAC}`, undefined, name)
        : this.store.get(`roles.${RBAC}`, namespace, name);
    return (role as unknown as ClusterRole | Role | undefined)?.rules ?? [];
  }
}

function keyOf(subject: Subject, bindingNamespace: string): string {
  const { kind, name, namespace = bindingNamespace } = subject;
  if (kind === 'ServiceAccount') return `User:system:serviceaccount:${namespace}:${name}`;
  return `${kind}:${name}`;
}

const subjectsOf = ({ name, groups }: UserInfo) => [
  `User:${name}`,
  ...groups.map((group) => `Group:${group}`),
];

const has = (list: readonly string[] | undefined, value: string) =>
  list !== undefined && (list.includes(value) || list.includes('*'));

export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false;
  if (attributes.path !== undefined) return pathMatches(rule.nonResourceURLs ?? [], attributes.path);
  if (!has(rule.apiGroups, attributes.group) || !resourceMatches(rule.resources ?? [], attributes.resource))
    return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || (attributes.name !== undefined && names.includes(attributes.name));
}

function resourceMatches(resources: readonly string[], resource: string): boolean {
  if (resources.includes('*') || resources.includes(resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && resources.includes(`*${resource.slice(slash)}`);
}

function pathMatches(patterns: readonly string[], path: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path,
  );
}

/** 403 in the sentence that kubectl prints. */
export function forbiddenFor(
  user: UserInfo,
  { verb, group, resource, namespace, name, path }: Attributes,
): ApiError {
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`;
  if (path !== undefined)
    return new ApiError(403, 'Forbidden', `forbidden: ${who} path ${JSON.stringify(path)}`, {});
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  const plural = resource.split('/', 1)[0] ?? resource;
  const why = `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(group)} ${where}`;
  return forbidden({ plural, group }, name ?? '', why);
}
