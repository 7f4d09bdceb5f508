const SHARED_CHECKS = [
  'ping',
  'log',
  'etcd',
  'poststarthook/start-apiserver-admission-initializer',
  'poststarthook/start-apiextensions-informers',
  'poststarthook/start-apiextensions-controllers',
  'poststarthook/crd-informer-synced',
  'poststarthook/start-system-namespaces-controller',
  'poststarthook/start-service-ip-repair-controllers',
  'poststarthook/rbac/bootstrap-roles',
  'poststarthook/scheduling/bootstrap-system-priority-classes',
  'poststarthook/bootstrap-controller',
  'poststarthook/apiservice-openapi-controller',
  'poststarthook/apiservice-openapiv3-controller',
  'poststarthook/apiservice-discovery-controller',
];

/** The checks of each health endpoint; https://kubernetes.io/docs/reference/using-api/health-checks/ */
export const HEALTH_CHECKS: Record<string, readonly string[]> = {
  healthz: SHARED_CHECKS,
  livez: SHARED_CHECKS,
  readyz: [
    ...SHARED_CHECKS.slice(0, 3),
    'etcd-readiness',
    'informer-sync',
    ...SHARED_CHECKS.slice(3),
    'shutdown',
  ],
};

/**
 * The text of `/healthz`, `/livez`, `/readyz` and of their single checks (`/livez/etcd`): an API server that answers is
 * healthy. `excluded` are the values of the query's `exclude`. Undefined: no such endpoint.
 */
export function healthText(path: string, verbose: boolean, excluded: readonly string[]): string | undefined {
  const [, endpoint = '', check] = /^\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
  const checks = Object.hasOwn(HEALTH_CHECKS, endpoint) ? HEALTH_CHECKS[endpoint] : undefined;
  if (!checks) return undefined;
  if (check !== undefined) return checks.includes(check) ? 'ok' : undefined;
  if (!verbose) return 'ok';
  const lines = checks.map((each) => (excluded.includes(each) ? `[+]${each} excluded: ok` : `[+]${each} ok`));
  return `${lines.join('\n')}\n${endpoint} check passed\n`;
}
