import type { Namespace, ServiceAccount } from '../../api/core-v1.generated.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { hasReason } from '../shared/error-reason.js';
import { keyFor, keyOf, splitKey } from '../shared/object-key.js';

const DEFAULT = 'default';

/** Sees to it that every namespace has the service account that its pods use unless told. */
export function serviceAccountController({ client }: ControllerContext): Controller {
  return {
    watches: [
      onChange<Namespace>('namespaces', ({ type, object }) => (type === 'DELETED' ? [] : [keyOf(object)])),
      onChange<ServiceAccount>('serviceaccounts', ({ type, object }) =>
        type === 'DELETED' && object.metadata.name === DEFAULT
          ? [keyFor('', object.metadata.namespace ?? '')]
          : [],
      ),
    ],
    async reconcile(key) {
      const { name } = splitKey(key);
      const namespace = client.get<Namespace>('namespaces', undefined, name);
      if (!namespace || namespace.metadata.deletionTimestamp !== undefined) return undefined;
      if (client.get('serviceaccounts', name, DEFAULT)) return undefined;
      try {
        await client.create<ServiceAccount>('serviceaccounts', {
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: DEFAULT, namespace: name },
        });
      } catch (error) {
        if (!hasReason(error, 'AlreadyExists')) throw error;
      }
      return undefined;
    },
  };
}
