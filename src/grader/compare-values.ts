import { compareQuantities, isQuantityAt } from './quantity.js';

/** Names of the fields from the object's root to the values compared, to know where quantities are. */
type Trail = readonly string[];

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Absent and null are the same to Kubernetes. */
const isNothing = (value: unknown): boolean => value === undefined || value === null;

/**
 * Whether two scalars say the same: `80` and `"80"`, `true` and `"true"`, since YAML authors and Kubernetes' string
 * fields differ in that only; `500m` and `0.5` where the field is a quantity.
 */
function equalScalars(actual: unknown, expected: unknown, trail: Trail): boolean {
  if (isNothing(actual) || isNothing(expected)) return isNothing(actual) && isNothing(expected);
  if (String(actual) === String(expected)) return true;
  return isQuantityAt(trail) && compareQuantities(actual, expected) === 0;
}

/** Deep equality; order matters in lists, and only there. */
export function equalValues(actual: unknown, expected: unknown, trail: Trail): boolean {
  if (Array.isArray(actual) && Array.isArray(expected))
    return (
      actual.length === expected.length &&
      actual.every((item, index) => equalValues(item, expected[index], trail))
    );
  if (isMap(actual) && isMap(expected)) {
    const names = new Set([...Object.keys(actual), ...Object.keys(expected)]);
    return [...names].every((name) => equalValues(own(actual, name), own(expected, name), [...trail, name]));
  }
  if (Array.isArray(actual) || Array.isArray(expected) || isMap(actual) || isMap(expected)) return false;
  return equalScalars(actual, expected, trail);
}

/**
 * Whether everything in `expected` is in `actual`: each field of a map, and each item of a list in some item of its
 * own, in any order. Scalars must be equal.
 */
export function includesValue(actual: unknown, expected: unknown, trail: Trail): boolean {
  if (Array.isArray(expected)) return Array.isArray(actual) && includesItems(actual, expected, trail);
  if (isMap(expected))
    return (
      isMap(actual) &&
      Object.entries(expected).every(([name, value]) =>
        includesValue(own(actual, name), value, [...trail, name]),
      )
    );
  return equalValues(actual, expected, trail);
}

/**
 * Gives every expected item an actual one of its own by augmenting paths: an item that fits two expectations never
 * takes the only one that another needs, so the order of neither list matters.
 */
function includesItems(actual: unknown[], expected: unknown[], trail: Trail): boolean {
  const takenBy = new Map<number, number>();
  const assign = (wanted: number, tried: Set<number>): boolean => {
    for (const [index, item] of actual.entries()) {
      if (tried.has(index) || !includesValue(item, expected[wanted], trail)) continue;
      tried.add(index);
      const holder = takenBy.get(index);
      if (holder !== undefined && !assign(holder, tried)) continue;
      takenBy.set(index, wanted);
      return true;
    }
    return false;
  };
  return expected.length <= actual.length && expected.every((_, wanted) => assign(wanted, new Set()));
}

const own = (map: Record<string, unknown>, name: string): unknown =>
  Object.hasOwn(map, name) ? map[name] : undefined;
