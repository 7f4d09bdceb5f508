import type { Container, Pod, PodSchedulingGate, PodSpec, Toleration } from '../api/core-v1.generated.js';
import { equalJson } from '../machinery/json.js';
import { diffOfSpecs } from './go-dump.js';
import { type FieldProblem, forbidden, invalid, type Problems, required } from './problems.js';
import { inRange, type Loose } from './rules.js';

const MAX_INT32 = 2 ** 31 - 1;

const CHANGEABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** A pod's spec is fixed but for images, deadlines, further tolerations and fewer scheduling gates. */
export function* validatePodUpdate(after: Loose<Pod>, before: Loose<Pod>): Problems {
  const now = after.spec ?? {};
  const old = before.spec ?? {};
  if (now === old || equalJson(now, old)) return;
  for (const list of ['containers', 'initContainers'] as const)
    if (yield* validateContainerUpdates(`spec.${list}`, now[list] ?? [], old[list] ?? [])) return;
  if (yield* validateDeadline(now.activeDeadlineSeconds, old.activeDeadlineSeconds)) return;
  yield* validateOnlyAddedTolerations(now.tolerations ?? [], old.tolerations ?? []);
  yield* validateOnlyRemovedGates(now.schedulingGates ?? [], old.schedulingGates ?? []);
  const rest = withUnchangeable(now, old);
  if (!equalJson(rest, old)) yield forbidden('spec', `${CHANGEABLE}\n${diffOfSpecs(old, rest, 'PodSpec')}`);
}

/** Returns whether to look no further. */
function* validateContainerUpdates(
  field: string,
  after: Loose<Container>[],
  before: Loose<Container>[],
): Generator<FieldProblem, boolean> {
  if (after.length !== before.length) {
    yield forbidden(field, 'pod updates may not add or remove containers');
    return true;
  }
  for (const [index, { image = '' }] of after.entries()) {
    if (image === '') yield required(`${field}[${index}].image`);
    else if (image.trim() !== image)
      yield invalid(`${field}[${index}].image`, image, 'must not have leading or trailing whitespace');
  }
  return false;
}

function* validateDeadline(
  after: number | undefined,
  before: number | undefined,
): Generator<FieldProblem, boolean> {
  const field = 'spec.activeDeadlineSeconds';
  if (after === undefined) {
    if (before !== undefined)
      yield invalid(field, undefined, 'must not update from a positive integer to nil value');
    return false;
  }
  if (after < 0 || after > MAX_INT32) {
    yield invalid(field, after, inRange(0, MAX_INT32));
    return true;
  }
  if (before === undefined || before >= after) return false;
  yield invalid(field, after, 'must be less than or equal to previous value');
  return true;
}

function* validateOnlyAddedTolerations(after: Loose<Toleration>[], before: Loose<Toleration>[]): Problems {
  const withoutSeconds = ({ tolerationSeconds: _, ...rest }: Loose<Toleration>) => rest;
  for (const toleration of before)
    if (!after.some((candidate) => equalJson(withoutSeconds(candidate), withoutSeconds(toleration)))) {
      yield forbidden(
        'spec.tolerations',
        'existing toleration can not be modified except its tolerationSeconds',
      );
      return;
    }
}

function* validateOnlyRemovedGates(
  after: Loose<PodSchedulingGate>[],
  before: Loose<PodSchedulingGate>[],
): Problems {
  const known = new Set(before.map(({ name }) => name));
  for (const [index, { name = '' }] of after.entries())
    if (!known.has(name))
      yield forbidden(
        `spec.schedulingGates[${index}].name`,
        `only deletion is allowed, but found new scheduling gate '${name}'`,
      );
}

/** The new spec as it would be if nothing had changed that may change. */
function withUnchangeable(after: Loose<PodSpec>, before: Loose<PodSpec>): Loose<PodSpec> {
  const withOldImages = (now: Loose<Container>[] = [], old: Loose<Container>[] = []) =>
    now.map((container, index) => ({ ...container, image: old[index]?.image }));
  const wasNegative =
    (before.terminationGracePeriodSeconds ?? 0) < 0 && after.terminationGracePeriodSeconds === 1;
  return {
    ...after,
    containers: withOldImages(after.containers, before.containers),
    ...(after.initContainers && {
      initContainers: withOldImages(after.initContainers, before.initContainers),
    }),
    activeDeadlineSeconds: before.activeDeadlineSeconds,
    tolerations: before.tolerations,
    schedulingGates: before.schedulingGates,
    ...(wasNegative && { terminationGracePeriodSeconds: before.terminationGracePeriodSeconds }),
  };
}
