/**
 * Kubernetes resource quantities (`500m`, `0.5`, `1Gi`, `12e6`), compared by what they amount to.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
const DECIMAL_EXPONENTS: Record<string, number> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY_EXPONENTS: Record<string, bigint> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

const QUANTITY = /^([+-]?)(\d{0,30})(?:\.(\d{0,30}))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d{1,2}))?$/;

/** Every quantity is a whole number of 10^-SCALE, so that comparing is exact: 30 decimals and the smallest suffixes fit. */
const SCALE = 160;

/** The quantity in units of 10^-160, or undefined when `value` is no quantity. */
export function parseQuantity(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? parseQuantity(String(value)) : undefined;
  if (typeof value !== 'string') return undefined;
  const match = QUANTITY.exec(value);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = '', binary, decimal = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(whole + fraction);
  const shift = SCALE - fraction.length + (DECIMAL_EXPONENTS[decimal] ?? 0) + Number(exponent);
  const magnitude = (digits * 10n ** BigInt(shift)) << (BINARY_EXPONENTS[binary ?? ''] ?? 0n);
  return sign === '-' ? -magnitude : magnitude;
}

/** Negative, zero or positive as `left` is less than, equal to or more than `right`; undefined when one is no quantity. */
export function compareQuantities(left: unknown, right: unknown): number | undefined {
  const [a, b] = [parseQuantity(left), parseQuantity(right)];
  if (a === undefined || b === undefined) return undefined;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Maps from resource name to quantity: containers' resources, node status, quotas, limit ranges. */
const QUANTITY_MAPS = new Set([
  'requests',
  'limits',
  'capacity',
  'allocatable',
  'allocatedResources',
  'overhead',
  'podFixed',
  'hard',
  'used',
  'default',
  'defaultRequest',
  'min',
  'max',
]);
const QUANTITY_FIELDS = new Set(['sizeLimit', 'divisor', 'averageValue']);

/** Whether Kubernetes' types have a quantity at a field path, given its last names, e.g. `['limits', 'cpu']`. */
export function isQuantityAt(trail: readonly string[]): boolean {
  const [parent, field] = [trail.at(-2), trail.at(-1)];
  return (
    (parent !== undefined && QUANTITY_MAPS.has(parent)) || (field !== undefined && QUANTITY_FIELDS.has(field))
  );
}
