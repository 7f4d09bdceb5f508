import type { PolicyRule, Subject } from '../../api/rbac-v1.generated.js';
import { aggregateRules } from '../role-aggregation.js';
import type { BootstrapObject } from './bootstrap-object.js';
import { AGGREGATE_TO_ADMIN, AGGREGATE_TO_EDIT, AGGREGATE_TO_VIEW } from './user-roles.js';

const GROUP = 'rbac.authorization.k8s.io';
const API_VERSION = `${GROUP}/v1`;
const LABELS = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const ANNOTATIONS = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };

interface RoleOptions {
  labels?: Record<string, string>;
  aggregate?: string;
}

function clusterRole(
  name: string,
  rules: PolicyRule[],
  { labels, aggregate }: RoleOptions = {},
): BootstrapObject {
  return {
    apiVersion: API_VERSION,
    kind: 'ClusterRole',
    metadata: { name, labels: { ...LABELS, ...labels }, annotations: ANNOTATIONS },
    ...(aggregate !== undefined && {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [`${GROUP}/${aggregate}`]: 'true' } }] },
    }),
    rules,
  };
}

const aggregatesTo = (name: string) => ({ labels: { [`${GROUP}/aggregate-to-${name}`]: 'true' } });
const group = (name: string): Subject => ({ apiGroup: GROUP, kind: 'Group', name });
const user = (name: string): Subject => ({ apiGroup: GROUP, kind: 'User', name });

function clusterRoleBinding(role: string, subjects: Subject[], name = role, owned = true): BootstrapObject {
  return {
    apiVersion: API_VERSION,
    kind: 'ClusterRoleBinding',
    metadata: { name, ...(owned && { labels: LABELS, annotations: ANNOTATIONS }) },
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: role },
    ...(subjects.length > 0 && { subjects }),
  };
}

const resources = (verbs: string[], apiGroup: string, ...names: string[]): PolicyRule => ({
  apiGroups: [apiGroup],
  resources: names,
  verbs,
});
const paths = (...nonResourceURLs: string[]): PolicyRule => ({ nonResourceURLs, verbs: ['get'] });
const READ = ['get', 'list', 'watch'];

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings */
const CLUSTER_ROLES = [
  clusterRole('cluster-admin', [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ]),
  clusterRole('admin', [], { aggregate: 'aggregate-to-admin' }),
  clusterRole('edit', [], { aggregate: 'aggregate-to-edit', ...aggregatesTo('admin') }),
  clusterRole('view', [], { aggregate: 'aggregate-to-view', ...aggregatesTo('edit') }),
  clusterRole('system:aggregate-to-admin', AGGREGATE_TO_ADMIN, aggregatesTo('admin')),
  clusterRole('system:aggregate-to-edit', AGGREGATE_TO_EDIT, aggregatesTo('edit')),
  clusterRole('system:aggregate-to-view', AGGREGATE_TO_VIEW, aggregatesTo('view')),
  clusterRole('system:basic-user', [
    resources(['create'], 'authorization.k8s.io', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'),
    resources(['create'], 'authentication.k8s.io', 'selfsubjectreviews'),
  ]),
  clusterRole('system:discovery', [
    paths(
      '/.well-known',
      '/.well-known/*',
      '/api',
      '/api/*',
      '/apis',
      '/apis/*',
      '/healthz',
      '/livez',
      '/openapi',
      '/openapi/*',
      '/readyz',
      '/version',
      '/version/',
    ),
  ]),
  clusterRole('system:public-info-viewer', [paths('/healthz', '/livez', '/readyz', '/version', '/version/')]),
  clusterRole('system:service-account-issuer-discovery', [
    paths(
      '/.well-known/openid-configuration',
      '/.well-known/openid-configuration/',
      '/openid/v1/jwks',
      '/openid/v1/jwks/',
    ),
  ]),
  clusterRole('system:auth-delegator', [
    resources(['create'], 'authentication.k8s.io', 'tokenreviews'),
    resources(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
  ]),
  clusterRole('system:monitoring', [
    paths(
      '/healthz',
      '/healthz/*',
      '/livez',
      '/livez/*',
      '/metrics',
      '/metrics/slis',
      '/readyz',
      '/readyz/*',
    ),
  ]),
  clusterRole('system:kube-dns', [resources(['list', 'watch'], '', 'endpoints', 'services')]),
  clusterRole('system:node-proxier', [
    resources(['list', 'watch'], '', 'endpoints', 'services'),
    resources(READ, '', 'nodes'),
    resources(['create', 'patch', 'update'], 'events.k8s.io', 'events'),
    resources(['list', 'watch'], 'discovery.k8s.io', 'endpointslices'),
  ]),
  clusterRole('kubeadm:get-nodes', [resources(['get'], '', 'nodes')]),
];

const CLUSTER_ROLE_BINDINGS = [
  clusterRoleBinding('cluster-admin', [group('system:masters')]),
  clusterRoleBinding('cluster-admin', [group('kubeadm:cluster-admins')], 'kubeadm:cluster-admins', false),
  clusterRoleBinding('system:basic-user', [group('system:authenticated')]),
  clusterRoleBinding('system:discovery', [group('system:authenticated')]),
  clusterRoleBinding('system:public-info-viewer', [
    group('system:authenticated'),
    group('system:unauthenticated'),
  ]),
  clusterRoleBinding('system:service-account-issuer-discovery', [group('system:serviceaccounts')]),
  clusterRoleBinding('system:monitoring', [group('system:monitoring')]),
  clusterRoleBinding('system:node-proxier', [user('system:kube-proxy')]),
  clusterRoleBinding(
    'kubeadm:get-nodes',
    [group('system:bootstrappers:kubeadm:default-node-token')],
    'kubeadm:get-nodes',
    false,
  ),
];

/** Roles and bindings of a new cluster, those that are made of others filled in. */
export const ROLE_OBJECTS: readonly BootstrapObject[] = [
  ...aggregateRules(CLUSTER_ROLES),
  ...CLUSTER_ROLE_BINDINGS,
];
