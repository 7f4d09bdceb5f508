import type { PodSpec } from '../../api/core-v1.generated.js';
import type { PriorityClass } from '../../api/scheduling-v1.generated.js';
import { forbidden } from '../api-error.js';
import type { AdmissionPlugin } from './plugin.js';

const CLASSES = 'priorityclasses.scheduling.k8s.io';

/** The number behind a priority class; https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ */
export const priorityAdmission: AdmissionPlugin = {
  name: 'Priority',
  mutate({ operation, resource, subresource, object, core }) {
    if (operation !== 'CREATE' || resource.name !== 'pods' || subresource !== undefined) return;
    const spec = object['spec'] as PodSpec | undefined;
    if (!spec) return;
    const classes = core.store.list(CLASSES) as unknown as PriorityClass[];
    const named = spec.priorityClassName
      ? classes.find(({ metadata }) => metadata.name === spec.priorityClassName)
      : classes.find(({ globalDefault }) => globalDefault);
    if (spec.priorityClassName && !named) {
      throw forbidden(
        resource,
        object.metadata.name ?? '',
        `no PriorityClass with name ${spec.priorityClassName} was found`,
      );
    }
    const priority = named?.value ?? 0;
    if (spec.priority !== undefined && spec.priority !== priority) {
      const why = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`;
      throw forbidden(resource, object.metadata.name ?? '', why);
    }
    if (named) spec.priorityClassName = named.metadata.name;
    spec.priority = priority;
    spec.preemptionPolicy ??= named?.preemptionPolicy ?? 'PreemptLowerPriority';
  },
};
