import type { Container, PodSpec, ServiceAccount, Volume } from '../../api/core-v1.generated.js';
import { randomSuffix } from '../../machinery/random-suffix.js';
import { forbidden } from '../api-error.js';
import type { AdmissionPlugin } from './plugin.js';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const PREFIX = 'kube-api-access-';
/** A kubelet renews the token before an hour is over, so it asks for a little more. */
const TOKEN_SECONDS = 3607;
const MIRROR = 'kubernetes.io/config.mirror';

/**
 * Every pod runs as a service account and finds its token, the cluster's certificate and its namespace in a volume.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#serviceaccount-admission-controller
 */
export const serviceAccountAdmission: AdmissionPlugin = {
  name: 'ServiceAccount',
  mutate({ operation, resource, subresource, object, namespace, core }) {
    if (operation !== 'CREATE' || resource.name !== 'pods' || subresource !== undefined) return;
    const spec = object['spec'] as PodSpec | undefined;
    if (!spec || object.metadata.annotations?.[MIRROR] !== undefined) return;
    spec.serviceAccountName ||= 'default';
    spec.serviceAccount = spec.serviceAccountName;
    const found = core.store.get('serviceaccounts', namespace, spec.serviceAccountName);
    if (!found) {
      const why = `error looking up service account ${namespace}/${spec.serviceAccountName}: serviceaccount "${spec.serviceAccountName}" not found`;
      throw forbidden(resource, object.metadata.name ?? '', why);
    }
    const account = found as unknown as ServiceAccount;
    if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
      spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }));
    }
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec);
  },
};

function mountToken(spec: PodSpec): void {
  const existing = spec.volumes?.find(({ name }) => name.startsWith(PREFIX));
  const name = existing?.name ?? PREFIX + randomSuffix();
  const mounted = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].map((container) =>
    mount(container, name),
  );
  if (!existing && mounted.includes(true)) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

/** False when the container has something else there already. */
function mount(container: Container, name: string): boolean {
  if (container.volumeMounts?.some(({ mountPath }) => mountPath === MOUNT_PATH)) return false;
  container.volumeMounts = [
    ...(container.volumeMounts ?? []),
    { mountPath: MOUNT_PATH, name, readOnly: true },
  ];
  return true;
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { items: [{ key: 'ca.crt', path: 'ca.crt' }], name: 'kube-root-ca.crt' } },
        {
          downwardAPI: {
            items: [{ fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' }, path: 'namespace' }],
          },
        },
      ],
    },
  };
}
