import type { ResourceRequirements } from '../api/core-v1.generated.js';
import { qualifiedNameProblems } from '../machinery/names.js';
import { compareQuantities, formatQuantity, parseQuantity, type Quantity } from '../machinery/quantity.js';
import { invalid, type Problems } from './problems.js';
import type { Loose } from './rules.js';

/** Resources without a domain that containers can ask for. */
const CONTAINER_RESOURCES = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** Resources that can be promised more than once: limits may be above requests. */
const canBeOvercommitted = (name: string) => CONTAINER_RESOURCES.has(name);

/** Devices and huge pages come whole. */
const comesWhole = (name: string) =>
  name.startsWith('hugepages-') || (name.includes('/') && !name.includes('kubernetes.io/'));

export function* validateResources(
  field: string,
  resources: Loose<ResourceRequirements> | undefined,
): Problems {
  const limits = new Map<string, Quantity>();
  for (const [name, text = '0'] of Object.entries(resources?.limits ?? {})) {
    const path = `${field}.limits[${name}]`;
    yield* validateResourceName(`${field}.limits.${name}`, name);
    limits.set(name, parseQuantity(text));
    yield* validateResourceQuantity(path, name, text);
  }
  for (const [name, text = '0'] of Object.entries(resources?.requests ?? {})) {
    yield* validateResourceName(`${field}.requests.${name}`, name);
    yield* validateResourceQuantity(`${field}.requests[${name}]`, name, text);
    const limit = limits.get(name);
    const request = parseQuantity(text);
    if (!limit) {
      if (!canBeOvercommitted(name))
        yield invalid(`${field}.limits`, '', 'Limit must be set for non overcommitable resources');
    } else if (!canBeOvercommitted(name) && compareQuantities(request, limit) !== 0) {
      yield invalid(
        `${field}.requests`,
        formatQuantity(request),
        `must be equal to ${name} limit of ${formatQuantity(limit)}`,
      );
    } else if (compareQuantities(request, limit) > 0) {
      yield invalid(
        `${field}.requests`,
        formatQuantity(request),
        `must be less than or equal to ${name} limit of ${formatQuantity(limit)}`,
      );
    }
  }
}

function* validateResourceName(field: string, name: string): Problems {
  const problems = qualifiedNameProblems(name);
  for (const problem of problems) yield invalid(field, name, problem);
  if (problems.length > 0 || name.includes('/') || name.startsWith('hugepages-')) return;
  if (!CONTAINER_RESOURCES.has(name)) {
    yield invalid(field, name, 'must be a standard resource type or fully qualified');
    yield invalid(field, name, 'must be a standard resource for containers');
  }
}

/** What any amount of a resource must be. */
export function* validateResourceQuantity(field: string, name: string, text: string): Problems {
  const quantity = parseQuantity(text);
  if (quantity.nanos < 0n)
    yield invalid(field, formatQuantity(quantity), 'must be greater than or equal to 0');
  else if (comesWhole(name) && quantity.nanos % 1_000_000_000n !== 0n)
    yield invalid(field, formatQuantity(quantity), 'must be an integer');
}
