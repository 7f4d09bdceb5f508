import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
} from '../api/core-v1.generated.js';
import type { StorageClass } from '../api/storage-v1.generated.js';
import { equalJson } from '../machinery/json.js';
import { dns1123SubdomainProblems, qualifiedNameProblems } from '../machinery/names.js';
import { compareQuantities, parseQuantity } from '../machinery/quantity.js';
import { diffOfSpecs } from './go-dump.js';
import { validateSelector } from './labels.js';
import { forbidden, invalid, notSupported, type Problems, required } from './problems.js';
import { checked, immutable, type Loose, oneOf, rulesFor } from './rules.js';

/** As the API server lists them: sorted. */
const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const VOLUME_MODES = ['Block', 'Filesystem'];
const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];

/** Fields of a PersistentVolume's spec that are not where its data is. */
const NOT_A_SOURCE = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
]);

/** https://kubernetes.io/docs/concepts/storage/ */
export const STORAGE_RULES = {
  persistentvolumes: rulesFor<PersistentVolume>({
    validate: validateVolume,
    validateUpdate: validateVolumeUpdate,
  }),
  persistentvolumeclaims: rulesFor<PersistentVolumeClaim>({
    validate: ({ spec }) => validateClaimSpec('spec', spec ?? {}),
    validateUpdate: validateClaimUpdate,
  }),
  'storageclasses.storage.k8s.io': rulesFor<StorageClass>({
    *validate({ provisioner, reclaimPolicy, volumeBindingMode }) {
      if (!provisioner) yield required('provisioner', '');
      else yield* checked('provisioner', provisioner.toLowerCase(), qualifiedNameProblems);
      yield* oneOf('reclaimPolicy', reclaimPolicy, ['Delete', 'Retain']);
      yield* oneOf('volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']);
    },
    *validateUpdate(after, before) {
      for (const member of ['parameters', 'provisioner', 'reclaimPolicy'] as const)
        if (!equalJson(after[member], before[member]))
          yield forbidden(member, `updates to ${member} are forbidden.`);
      yield* immutable('volumeBindingMode', after.volumeBindingMode, before.volumeBindingMode);
    },
  }),
};

function* validateAccessModes(field: string, modes: string[]): Problems {
  for (const mode of modes) if (!ACCESS_MODES.includes(mode)) yield notSupported(field, mode, ACCESS_MODES);
  if (modes.includes('ReadWriteOncePod') && modes.length > 1)
    yield forbidden(field, 'may not use ReadWriteOncePod with other access modes');
}

function* validateVolume({ spec = {} }: Loose<PersistentVolume>): Problems {
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) yield required('spec.accessModes');
  yield* validateAccessModes('spec.accessModes', modes);
  if (!spec.capacity) yield required('spec.capacity');
  else if (spec.capacity['storage'] === undefined || Object.keys(spec.capacity).length > 1)
    yield notSupported('spec.capacity', spec.capacity, ['storage']);
  const storage = spec.capacity?.['storage'];
  if (storage !== undefined && parseQuantity(storage).nanos <= 0n)
    yield invalid('spec.capacity[storage]', storage, 'must be greater than zero');
  yield* oneOf('spec.persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy, RECLAIM_POLICIES);
  yield* validateSource(spec);
  if (spec.storageClassName)
    yield* checked('spec.storageClassName', spec.storageClassName, dns1123SubdomainProblems);
  yield* oneOf('spec.volumeMode', spec.volumeMode, VOLUME_MODES);
}

const sourcesOf = (spec: object) =>
  Object.entries(spec).filter(([member, value]) => value !== undefined && !NOT_A_SOURCE.has(member));

function* validateSource(spec: NonNullable<Loose<PersistentVolume>['spec']>): Problems {
  const sources = sourcesOf(spec);
  if (sources.length === 0) yield required('spec', 'must specify a volume type');
  for (const [kind] of sources.slice(1))
    yield forbidden(`spec.${kind}`, 'may not specify more than 1 volume type');
  if (spec.hostPath && !spec.hostPath.path) yield required('spec.hostPath.path');
  if (spec.local && !spec.nodeAffinity)
    yield required('spec.nodeAffinity', 'Local volume requires node affinity');
}

function* validateVolumeUpdate(after: Loose<PersistentVolume>, before: Loose<PersistentVolume>): Problems {
  yield* validateVolume(after);
  const [now, old] = [after.spec ?? {}, before.spec ?? {}];
  if (!equalJson(Object.fromEntries(sourcesOf(now)), Object.fromEntries(sourcesOf(old))))
    yield forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation');
  yield* immutable('spec.volumeMode', now.volumeMode, old.volumeMode);
}

function* validateClaimSpec(field: string, spec: Loose<PersistentVolumeClaimSpec>): Problems {
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) yield required(`${field}.accessModes`, 'at least 1 access mode is required');
  yield* validateSelector(`${field}.selector`, spec.selector);
  yield* validateAccessModes(`${field}.accessModes`, modes);
  const storage = spec.resources?.requests?.['storage'];
  if (storage === undefined) yield required(`${field}.resources[storage]`);
  else if (parseQuantity(storage).nanos <= 0n)
    yield invalid(`${field}.resources[storage]`, storage, 'must be greater than zero');
  if (spec.storageClassName)
    yield* checked(`${field}.storageClassName`, spec.storageClassName, dns1123SubdomainProblems);
  yield* oneOf(`${field}.volumeMode`, spec.volumeMode, VOLUME_MODES);
}

const CLAIM_CHANGEABLE =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

/** A claim can be bound once, and grow when it is. */
function* validateClaimUpdate(
  after: Loose<PersistentVolumeClaim>,
  before: Loose<PersistentVolumeClaim>,
): Problems {
  const [now, old] = [after.spec ?? {}, before.spec ?? {}];
  yield* validateClaimSpec('spec', now);
  const free = {
    ...(old.volumeName === undefined && { volumeName: undefined }),
    ...(old.storageClassName === undefined && { storageClassName: undefined }),
    ...(before.status?.phase === 'Bound' && { resources: undefined, volumeAttributesClassName: undefined }),
  };
  const fixed = Object.fromEntries(
    Object.keys(free).map((member) => [member, old[member as keyof typeof old]]),
  );
  const rest = { ...now, ...fixed };
  if (!equalJson(rest, old))
    yield forbidden('spec', `${CLAIM_CHANGEABLE}\n${diffOfSpecs(old, rest, 'PersistentVolumeClaimSpec')}`);
  const [size, oldSize] = [now.resources?.requests?.['storage'], old.resources?.requests?.['storage']];
  if (size !== undefined && oldSize !== undefined && isLess(size, oldSize))
    yield forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity');
}

const isLess = (left: string, right: string) =>
  compareQuantities(parseQuantity(left), parseQuantity(right)) < 0;
