import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../api/rbac-v1.generated.js';
import { equalJson } from '../machinery/json.js';
import { dns1123LabelProblems, pathSegmentProblems } from '../machinery/names.js';
import { validateSelector } from './labels.js';
import { invalid, notSupported, type Problems, required } from './problems.js';
import { checked, type Loose, rulesFor } from './rules.js';

const GROUP = 'rbac.authorization.k8s.io';

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
export const RBAC_RULES = {
  [`roles.${GROUP}`]: rulesFor<Role>({
    nameProblems: pathSegmentProblems,
    validate: ({ rules }) => validateRules(rules ?? [], true),
  }),
  [`clusterroles.${GROUP}`]: rulesFor<ClusterRole>({
    nameProblems: pathSegmentProblems,
    *validate({ rules, aggregationRule }) {
      yield* validateRules(rules ?? [], false);
      if (!aggregationRule) return;
      const selectors = aggregationRule.clusterRoleSelectors ?? [];
      if (selectors.length === 0)
        yield required(
          'aggregationRule.clusterRoleSelectors',
          'at least one clusterRoleSelector required if aggregationRule is non-nil',
        );
      for (const [index, selector] of selectors.entries())
        yield* validateSelector(`aggregationRule.clusterRoleSelectors[${index}]`, selector);
    },
  }),
  [`rolebindings.${GROUP}`]: rulesFor<RoleBinding>({
    nameProblems: pathSegmentProblems,
    validate: (binding) => validateBinding(binding, ['Role', 'ClusterRole'], true),
    validateUpdate: (after, before) => validateBindingUpdate(after, before, ['Role', 'ClusterRole'], true),
  }),
  [`clusterrolebindings.${GROUP}`]: rulesFor<ClusterRoleBinding>({
    nameProblems: pathSegmentProblems,
    validate: (binding) => validateBinding(binding, ['ClusterRole'], false),
    validateUpdate: (after, before) => validateBindingUpdate(after, before, ['ClusterRole'], false),
  }),
};

function* validateRules(rules: Loose<PolicyRule>[], namespaced: boolean): Problems {
  for (const [index, rule] of rules.entries()) {
    const path = `rules[${index}]`;
    const { verbs = [], apiGroups = [], resources = [], nonResourceURLs = [] } = rule;
    if (verbs.length === 0) yield required(`${path}.verbs`, 'verbs must contain at least one value');
    if (nonResourceURLs.length > 0) {
      if (namespaced)
        yield invalid(
          `${path}.nonResourceURLs`,
          nonResourceURLs,
          'namespaced rules cannot apply to non-resource URLs',
        );
      if (apiGroups.length + resources.length + (rule.resourceNames ?? []).length > 0)
        yield invalid(
          `${path}.nonResourceURLs`,
          nonResourceURLs,
          'rules cannot apply to both regular resources and non-resource URLs',
        );
      continue;
    }
    if (apiGroups.length === 0)
      yield required(`${path}.apiGroups`, 'resource rules must supply at least one api group');
    if (resources.length === 0)
      yield required(`${path}.resources`, 'resource rules must supply at least one resource');
  }
}

type Binding = Loose<RoleBinding>;

function* validateBinding(
  { roleRef = {}, subjects }: Binding,
  kinds: readonly string[],
  namespaced: boolean,
): Problems {
  if (roleRef.apiGroup !== GROUP) yield notSupported('roleRef.apiGroup', roleRef.apiGroup ?? '', [GROUP]);
  if (!kinds.includes(roleRef.kind ?? '')) yield notSupported('roleRef.kind', roleRef.kind ?? '', kinds);
  if (!roleRef.name) yield required('roleRef.name');
  else yield* checked('roleRef.name', roleRef.name, pathSegmentProblems);
  for (const [index, subject] of (subjects ?? []).entries())
    yield* validateSubject(`subjects[${index}]`, subject, namespaced);
}

function* validateSubject(path: string, subject: Loose<Subject>, namespaced: boolean): Problems {
  const { kind, name, namespace, apiGroup = '' } = subject;
  if (!name) yield required(`${path}.name`);
  if (kind === 'ServiceAccount') {
    if (name) yield* checked(`${path}.name`, name, dns1123LabelProblems);
    if (apiGroup !== '') yield notSupported(`${path}.apiGroup`, apiGroup, ['']);
    if (!namespace && !namespaced) yield required(`${path}.namespace`);
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== GROUP) yield notSupported(`${path}.apiGroup`, apiGroup, [GROUP]);
  } else {
    yield notSupported(`${path}.kind`, kind ?? '', ['ServiceAccount', 'User', 'Group']);
  }
}

function* validateBindingUpdate(
  after: Binding,
  before: Binding,
  kinds: readonly string[],
  namespaced: boolean,
): Problems {
  yield* validateBinding(after, kinds, namespaced);
  if (!equalJson(after.roleRef, before.roleRef))
    yield invalid('roleRef', after.roleRef, 'cannot change roleRef');
}
