import type { ObjectMeta, OwnerReference } from '../api/meta-v1.generated.js';
import { dns1123LabelProblems, maskTrailingDash, qualifiedNameProblems } from '../machinery/names.js';
import { validateLabels } from './labels.js';
import { forbidden, invalid, type Problems, required, tooLong } from './problems.js';
import { checked, immutable, type Loose } from './rules.js';

/** Who manages the fields is checked where it is made. */
type Metadata = Loose<Omit<ObjectMeta, 'managedFields'>>;

/** All annotations of an object together; https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/ */
const MAX_ANNOTATIONS_BYTES = 256 * 1024;

export function* validateMetadata(
  metadata: Metadata,
  namespaced: boolean,
  nameProblems: (name: string) => string[],
): Problems {
  if (metadata.generateName)
    for (const problem of nameProblems(maskTrailingDash(metadata.generateName)))
      yield invalid('metadata.generateName', metadata.generateName, problem);
  if (!metadata.name) yield required('metadata.name', 'name or generateName is required');
  else yield* checked('metadata.name', metadata.name, nameProblems);
  if (!namespaced) {
    if (metadata.namespace) yield forbidden('metadata.namespace', 'not allowed on this type');
  } else if (!metadata.namespace) {
    yield required('metadata.namespace');
  } else {
    yield* checked('metadata.namespace', metadata.namespace, dns1123LabelProblems);
  }
  yield* validateDescriptions(metadata);
  yield* validateFinalizers(metadata.finalizers ?? []);
}

/** What an update of any object must leave alone. */
export function* validateMetadataUpdate(after: Metadata, before: Metadata): Problems {
  if (before.deletionTimestamp)
    yield* validateNoNewFinalizers(after.finalizers ?? [], before.finalizers ?? []);
  const fixed = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const;
  for (const field of fixed) yield* immutable(`metadata.${field}`, after[field], before[field]);
  yield* validateDescriptions(after);
}

function* validateDescriptions(metadata: Metadata): Problems {
  yield* validateLabels('metadata.labels', metadata.labels);
  yield* validateAnnotations('metadata.annotations', metadata.annotations);
  yield* validateOwnerReferences(metadata.ownerReferences ?? []);
}

export function* validateAnnotations(
  field: string,
  annotations: Record<string, string | undefined> | undefined,
): Problems {
  let totalBytes = 0;
  for (const [key, value = ''] of Object.entries(annotations ?? {})) {
    for (const problem of qualifiedNameProblems(key.toLowerCase())) yield invalid(field, key, problem);
    totalBytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (totalBytes > MAX_ANNOTATIONS_BYTES) yield tooLong(field, MAX_ANNOTATIONS_BYTES);
}

function* validateOwnerReferences(references: Loose<OwnerReference>[]): Problems {
  const field = 'metadata.ownerReferences';
  let controller: string | undefined;
  for (const reference of references) {
    yield* validateOwnerReference(field, reference);
    if (!reference.controller) continue;
    const name = `${reference.kind}/${reference.name}`;
    if (controller !== undefined)
      yield invalid(
        field,
        references,
        `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`,
      );
    else controller = name;
  }
}

function* validateOwnerReference(field: string, reference: Loose<OwnerReference>): Problems {
  const version = (reference.apiVersion ?? '').split('/').at(-1);
  if (!version) yield invalid(`${field}.apiVersion`, reference.apiVersion ?? '', 'version must not be empty');
  for (const member of ['kind', 'name', 'uid'] as const)
    if (!reference[member]) yield invalid(`${field}.${member}`, '', 'must not be empty');
  if (reference.apiVersion === 'v1' && reference.kind === 'Event')
    yield invalid(field, reference, '/v1, Kind=Event is disallowed from being an owner');
}

function* validateFinalizers(finalizers: string[]): Problems {
  const field = 'metadata.finalizers';
  for (const finalizer of finalizers) yield* checked(field, finalizer, qualifiedNameProblems);
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion'))
    yield invalid(field, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set');
}

function* validateNoNewFinalizers(after: string[], before: string[]): Problems {
  const added = after.filter((finalizer) => !before.includes(finalizer)).sort();
  if (added.length > 0)
    yield forbidden(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added
        .map((finalizer) => JSON.stringify(finalizer))
        .join(', ')}}`,
    );
}
