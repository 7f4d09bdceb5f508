import type { PersistentVolumeClaimSpec } from '../../api/core-v1.generated.js';
import type { IngressSpec } from '../../api/networking-v1.generated.js';
import type { KubernetesObject } from '../../object.js';
import type { AdmissionPlugin } from './plugin.js';

/** The newest of the classes that are marked as the default. */
function defaultClass(classes: KubernetesObject[], annotation: string): string | undefined {
  const marked = classes.filter(({ metadata }) => metadata.annotations?.[annotation] === 'true');
  marked.sort((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1));
  return marked[0]?.metadata.name;
}

/** https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass */
export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  mutate({ operation, resource, object, core }) {
    if (operation !== 'CREATE' || resource.name !== 'persistentvolumeclaims') return;
    const spec = object['spec'] as PersistentVolumeClaimSpec | undefined;
    if (!spec || spec.storageClassName !== undefined) return;
    const classes = core.store.list('storageclasses.storage.k8s.io');
    const name = defaultClass(classes, 'storageclass.kubernetes.io/is-default-class');
    if (name !== undefined) spec.storageClassName = name;
  },
};

/** https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class */
export const defaultIngressClass: AdmissionPlugin = {
  name: 'DefaultIngressClass',
  mutate({ operation, resource, object, core }) {
    if (operation !== 'CREATE' || resource.name !== 'ingresses.networking.k8s.io') return;
    const spec = object['spec'] as IngressSpec | undefined;
    const old = object.metadata.annotations?.['kubernetes.io/ingress.class'];
    if (!spec || spec.ingressClassName !== undefined || old !== undefined) return;
    const classes = core.store.list('ingressclasses.networking.k8s.io');
    const name = defaultClass(classes, 'ingressclass.kubernetes.io/is-default-class');
    if (name !== undefined) spec.ingressClassName = name;
  },
};
