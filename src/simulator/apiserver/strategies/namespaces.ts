import type { Namespace } from '../../api/core-v1.generated.js';
import type { Strategy, Working } from './strategy.js';

const asNamespace = (object: Working) => object as unknown as Namespace;

/**
 * A namespace goes in two steps: it is marked, and it is gone when the namespace controller has emptied it and taken
 * `kubernetes` out of `spec.finalizers`.
 */
export const namespaces: Strategy = {
  prepareForCreate(object) {
    const finalizers = asNamespace(object).spec?.finalizers ?? [];
    object['spec'] = {
      finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'],
    };
    object['status'] = { phase: 'Active' };
  },
  prepareForUpdate(next, previous) {
    if (next['spec'] === undefined) next['spec'] = previous['spec'];
    setPhase(next);
  },
  prepareForStatusUpdate: setPhase,
  prepareForDeletion: setPhase,
  mayBeRemoved: (object) => (asNamespace(object).spec?.finalizers ?? []).length === 0,
};

function setPhase(object: Working): void {
  const phase = object.metadata.deletionTimestamp === undefined ? 'Active' : 'Terminating';
  object['status'] = { ...asNamespace(object).status, phase };
}
