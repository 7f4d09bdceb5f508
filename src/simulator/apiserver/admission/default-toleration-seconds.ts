import type { PodSpec, Toleration } from '../../api/core-v1.generated.js';
import type { AdmissionPlugin } from './plugin.js';

const KEYS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const SECONDS = 300;

/** A pod stays five minutes on a node that is lost; https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  mutate({ operation, resource, subresource, object }) {
    if (operation === 'DELETE' || resource.name !== 'pods' || subresource !== undefined) return;
    const spec = object['spec'] as PodSpec | undefined;
    if (!spec) return;
    const present = spec.tolerations ?? [];
    const added = KEYS.filter((key) => !present.some((toleration) => tolerates(toleration, key))).map(
      (key): Toleration => ({ effect: 'NoExecute', key, operator: 'Exists', tolerationSeconds: SECONDS }),
    );
    if (added.length > 0) spec.tolerations = [...present, ...added];
  },
};

const tolerates = ({ key, effect }: Toleration, wanted: string) =>
  (!key || key === wanted) && (!effect || effect === 'NoExecute');
