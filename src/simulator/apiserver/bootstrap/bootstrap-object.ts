import type { KubernetesObject } from '../../object.js';

/** An object that every cluster has from its first moment, as it is stored, without what the server sets. */
export type BootstrapObject = Omit<KubernetesObject, 'metadata'> & {
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
    generation?: number;
  };
  [field: string]: unknown;
};
