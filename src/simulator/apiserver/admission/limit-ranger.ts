import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
} from '../../api/core-v1.generated.js';
import { addQuantities, compareQuantities, formatQuantity, parseQuantity } from '../../machinery/quantity.js';
import { forbidden } from '../api-error.js';
import type { AdmissionPlugin, AdmissionRequest } from './plugin.js';

type Amounts = Record<string, string>;

/** https://kubernetes.io/docs/concepts/policy/limit-range/ */
export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',
  mutate(request) {
    if (!isNewPod(request)) return;
    for (const range of rangesOf(request)) {
      for (const item of range.spec?.limits ?? []) {
        if (item.type === 'Container') for (const container of containersOf(request)) fillIn(container, item);
      }
    }
  },
  validate(request) {
    const problems = rangesOf(request).flatMap(({ spec }) =>
      (spec?.limits ?? []).flatMap((item) => problemsOf(request, item)),
    );
    if (problems.length === 0) return;
    const text = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
    throw forbidden(request.resource, request.object.metadata.name, text ?? '');
  },
};

const isNewPod = ({ operation, resource, subresource }: AdmissionRequest) =>
  operation === 'CREATE' && resource.name === 'pods' && subresource === undefined;

function rangesOf({ core, namespace }: AdmissionRequest): LimitRange[] {
  if (namespace === undefined || core.store.count('limitranges', namespace) === 0) return [];
  return core.store.list('limitranges', namespace) as unknown as LimitRange[];
}

function containersOf({ object }: AdmissionRequest): Container[] {
  const { spec } = object as unknown as Pod;
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
}

function fillIn(container: Container, { default: limits = {}, defaultRequest = {} }: LimitRangeItem): void {
  const resources = container.resources ?? {};
  container.resources = resources;
  const ownLimits = resources.limits ?? {};
  // A limit that the container sets itself is also its request, before any default of the range.
  const requests: Amounts = { ...defaultRequest, ...ownLimits, ...resources.requests };
  const filled: Amounts = { ...limits, ...ownLimits };
  if (Object.keys(filled).length > 0) resources.limits = filled;
  if (Object.keys(requests).length > 0) resources.requests = requests;
}

function problemsOf(request: AdmissionRequest, item: LimitRangeItem): string[] {
  const { resource, object, operation } = request;
  if (
    resource.name === 'persistentvolumeclaims' &&
    item.type === 'PersistentVolumeClaim' &&
    operation !== 'DELETE'
  ) {
    const { spec } = object as unknown as PersistentVolumeClaim;
    return compareAll(item, spec?.resources?.requests ?? {}, {}, 'PersistentVolumeClaim');
  }
  if (!isNewPod(request)) return [];
  if (item.type === 'Container') {
    return containersOf(request).flatMap(({ resources }) =>
      compareAll(item, resources?.requests ?? {}, resources?.limits ?? {}, 'Container'),
    );
  }
  if (item.type !== 'Pod') return [];
  const { spec } = object as unknown as Pod;
  const sum = (part: 'requests' | 'limits') =>
    sumOf((spec?.containers ?? []).map(({ resources }) => resources?.[part] ?? {}));
  return compareAll(item, sum('requests'), sum('limits'), 'Pod');
}

function sumOf(amounts: Amounts[]): Amounts {
  const sum: Amounts = {};
  for (const [name, quantity] of amounts.flatMap((each) => Object.entries(each))) {
    sum[name] =
      sum[name] === undefined
        ? quantity
        : formatQuantity(addQuantities(parseQuantity(sum[name]), parseQuantity(quantity)));
  }
  return sum;
}

function compareAll(
  { min = {}, max = {} }: LimitRangeItem,
  requests: Amounts,
  limits: Amounts,
  type: string,
): string[] {
  const problems: string[] = [];
  const compare = (a: string, b: string) => compareQuantities(parseQuantity(a), parseQuantity(b));
  for (const [name, bound] of Object.entries(min)) {
    const request = requests[name];
    const limit = limits[name];
    const amount = `minimum ${name} usage per ${type} is ${bound}`;
    if (request === undefined) problems.push(`${amount}.  No request is specified`);
    else if (compare(request, bound) < 0) problems.push(`${amount}, but request is ${request}`);
    else if (limit !== undefined && compare(limit, bound) < 0)
      problems.push(`${amount}, but limit is ${limit}`);
  }
  for (const [name, bound] of Object.entries(max)) {
    const request = requests[name];
    const limit = limits[name];
    const amount = `maximum ${name} usage per ${type} is ${bound}`;
    if (type === 'PersistentVolumeClaim') {
      if (request !== undefined && compare(request, bound) > 0)
        problems.push(`${amount}, but request is ${request}`);
      continue;
    }
    if (limit === undefined) problems.push(`${amount}.  No limit is specified`);
    else if (compare(limit, bound) > 0) problems.push(`${amount}, but limit is ${limit}`);
    else if (request !== undefined && compare(request, bound) > 0)
      problems.push(`${amount}, but request is ${request}`);
  }
  return problems;
}
