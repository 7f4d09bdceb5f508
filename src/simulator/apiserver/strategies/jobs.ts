import type { Job } from '../../api/batch-v1.generated.js';
import type { Strategy } from './strategy.js';

/**
 * Unless its author chooses a selector (`manualSelector`), a Job is told apart from all others by its own uid.
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/#specifying-your-own-pod-selector
 */
export const jobs: Strategy = {
  prepareForCreate(object) {
    const { metadata, spec } = object as unknown as Job;
    if (!spec?.template || spec.manualSelector === true) return;
    const { uid, name } = metadata;
    const labels: Record<string, string> = {
      'controller-uid': uid,
      'job-name': name,
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': name,
    };
    spec.template.metadata = { ...spec.template.metadata } as NonNullable<typeof spec.template.metadata>;
    spec.template.metadata.labels = { ...spec.template.metadata.labels, ...labels };
    spec.selector = {
      ...spec.selector,
      matchLabels: { ...spec.selector?.matchLabels, 'batch.kubernetes.io/controller-uid': uid },
    };
    // Of an object without labels of its own, these become the labels: kubectl selects Jobs by them.
    metadata.labels ??= { ...spec.template.metadata.labels };
  },
};
