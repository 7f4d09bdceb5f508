import type { ConfigMap, Namespace } from '../../api/core-v1.generated.js';
import { equalJson } from '../../machinery/json.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { keyFor, keyOf, splitKey } from '../shared/object-key.js';

const NAME = 'kube-root-ca.crt';
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Publishes the cluster's certificate authority in every namespace, for pods to trust the API server by. */
export function rootCaPublisher({ client, certificateAuthority }: ControllerContext): Controller {
  const data = { 'ca.crt': certificateAuthority };
  return {
    watches: [
      onChange<Namespace>('namespaces', ({ type, object }) => (type === 'DELETED' ? [] : [keyOf(object)])),
      onChange<ConfigMap>('configmaps', ({ type, object }) =>
        type !== 'ADDED' && object.metadata.name === NAME
          ? [keyFor('', object.metadata.namespace ?? '')]
          : [],
      ),
    ],
    async reconcile(key) {
      const { name: namespace } = splitKey(key);
      const found = client.get<Namespace>('namespaces', undefined, namespace);
      if (!found || found.metadata.deletionTimestamp !== undefined) return undefined;
      const published = client.get<ConfigMap>('configmaps', namespace, NAME);
      if (!published) {
        await client.create<ConfigMap>('configmaps', {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: NAME, namespace, annotations: { 'kubernetes.io/description': DESCRIPTION } },
          data,
        });
      } else if (!equalJson(published.data, data)) {
        await client.update('configmaps', { ...published, data });
      }
      return undefined;
    },
  };
}
