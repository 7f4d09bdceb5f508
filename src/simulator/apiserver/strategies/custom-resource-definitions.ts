import type { CustomResourceDefinition } from '../../api/apiextensions-v1.generated.js';
import { timestamp } from '../../clock/clock.js';
import type { Strategy, Working, WriteContext } from './strategy.js';

const asDefinition = (object: Working) => object as unknown as CustomResourceDefinition;
/** Holds a definition until its objects are gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

/** https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/ */
export const customResourceDefinitions: Strategy = {
  prepareForCreate(object, context) {
    completeNames(object);
    const { finalizers = [] } = object.metadata;
    object.metadata.finalizers = [...new Set([...finalizers, CLEANUP_FINALIZER])];
    establish(object, context);
  },
  prepareForUpdate(next, _, context) {
    completeNames(next);
    if (next.metadata.deletionTimestamp === undefined) establish(next, context);
  },
};

function completeNames(object: Working): void {
  const { names } = asDefinition(object).spec ?? {};
  if (!names?.kind) return;
  names.singular ??= names.kind.toLowerCase();
  names.listKind ??= `${names.kind}List`;
}

/** Names are taken and the resource is served from the commit on, so the definition says so from the start. */
function establish(object: Working, { core }: WriteContext): void {
  const { spec, status } = asDefinition(object);
  if (!spec?.names || !spec.versions) return;
  const since = (type: string) =>
    status?.conditions?.find((condition) => condition.type === type && condition.status === 'True')
      ?.lastTransitionTime ?? timestamp(core.clock);
  const stored = spec.versions.filter(({ storage }) => storage).map(({ name }) => name);
  object['status'] = {
    acceptedNames: { ...spec.names },
    conditions: [
      {
        lastTransitionTime: since('NamesAccepted'),
        message: 'no conflicts found',
        reason: 'NoConflicts',
        status: 'True',
        type: 'NamesAccepted',
      },
      {
        lastTransitionTime: since('Established'),
        message: 'the initial names have been accepted',
        reason: 'InitialNamesAccepted',
        status: 'True',
        type: 'Established',
      },
    ],
    storedVersions: [...new Set([...(status?.storedVersions ?? []), ...stored])],
  };
}
