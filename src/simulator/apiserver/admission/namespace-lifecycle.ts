import { ApiError, forbidden, notFound } from '../api-error.js';
import type { AdmissionPlugin } from './plugin.js';

/** Source: the immortal namespaces of k8s.io/apiserver's NamespaceLifecycle. */
const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);
const NAMESPACES = { plural: 'namespaces', group: '' };

/** Nothing is made in a namespace that does not exist or is going, and three namespaces never go. */
export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  mutate({ operation, resource, namespace, name, core }) {
    if (operation !== 'CREATE' || !resource.namespaced || namespace === undefined) return;
    const found = core.store.get('namespaces', undefined, namespace);
    if (!found) throw notFound(NAMESPACES, namespace);
    if (found.metadata.deletionTimestamp === undefined) return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    const refused = forbidden(resource, name ?? '', why);
    const causes = [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ];
    throw new ApiError(403, refused.reason, refused.message, { ...refused.details, causes });
  },
  validate({ operation, resource, name }) {
    if (operation === 'DELETE' && resource.name === 'namespaces' && IMMORTAL.has(name)) {
      throw forbidden(NAMESPACES, name, 'this namespace may not be deleted');
    }
  },
};
