import type { ResourceName } from '../../object.js';
import type { AdmissionPlugin } from './plugin.js';

const FINALIZERS: Record<ResourceName, string> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
};

/** https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#storageobjectinuseprotection */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  mutate({ operation, resource, subresource, object }) {
    const finalizer = FINALIZERS[resource.name];
    if (operation !== 'CREATE' || subresource !== undefined || finalizer === undefined) return;
    const present = object.metadata.finalizers ?? [];
    if (!present.includes(finalizer)) object.metadata.finalizers = [...present, finalizer];
  },
};
