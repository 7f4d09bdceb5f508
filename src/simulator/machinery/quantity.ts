/**
 * Resource quantities (`500m`, `1Gi`, `2e3`), exact down to the nano.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export interface Quantity {
  /** The value in billionths. */
  nanos: bigint;
  format: 'DecimalSI' | 'BinarySI' | 'DecimalExponent';
}

/** The text is no quantity; the message is the one of the API server. */
export class QuantityError extends Error {
  override name = 'QuantityError';
}

const NANOS = 1_000_000_000n;
const PATTERN = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const DECIMAL_SUFFIXES: Record<string, number> = {
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
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const suffixOfExponent = new Map(Object.entries(DECIMAL_SUFFIXES).map(([suffix, power]) => [power, suffix]));

/** The largest amount a quantity holds (2^63-1); larger ones are capped, as the API server does. */
const MAX_NANOS = (2n ** 63n - 1n) * NANOS;

/** What it reads as; throws `QuantityError`. Amounts finer than a nano are rounded up (away from zero). */
export function parseQuantity(text: string): Quantity {
  const match = PATTERN.exec(text);
  if (text === '' || !match)
    throw new QuantityError(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') throw new QuantityError('unable to parse numeric part of quantity');
  const { multiplier, exponent, format } = interpretSuffix(suffix);
  const amount = scale(BigInt(whole + fraction) * multiplier, exponent - fraction.length + 9);
  const capped = amount > MAX_NANOS ? MAX_NANOS : amount;
  return { nanos: sign === '-' ? -capped : capped, format };
}

function interpretSuffix(suffix: string): {
  multiplier: bigint;
  exponent: number;
  format: Quantity['format'];
} {
  const decimal = DECIMAL_SUFFIXES[suffix];
  if (decimal !== undefined) return { multiplier: 1n, exponent: decimal, format: 'DecimalSI' };
  const binary = BINARY_SUFFIXES.indexOf(suffix);
  if (binary > 0) return { multiplier: 1024n ** BigInt(binary), exponent: 0, format: 'BinarySI' };
  if (/^[eE][-+]?[0-9]{1,4}$/.test(suffix))
    return { multiplier: 1n, exponent: Number(suffix.slice(1)), format: 'DecimalExponent' };
  throw new QuantityError("unable to parse quantity's suffix");
}

function scale(value: bigint, powerOfTen: number): bigint {
  if (powerOfTen >= 0) return value * 10n ** BigInt(powerOfTen);
  const divisor = 10n ** BigInt(-powerOfTen);
  return (value + divisor - 1n) / divisor;
}

/** Negative, zero or positive, for sorting. Formats do not count: `1Ki` equals `1024`. */
export function compareQuantities(left: Quantity, right: Quantity): number {
  return left.nanos < right.nanos ? -1 : left.nanos > right.nanos ? 1 : 0;
}

/** The sum, in the format of the first unless that is zero. */
export function addQuantities(left: Quantity, right: Quantity): Quantity {
  return { nanos: left.nanos + right.nanos, format: left.nanos === 0n ? right.format : left.format };
}

/** The difference, in the format of the first unless that is zero. */
export function subtractQuantities(left: Quantity, right: Quantity): Quantity {
  return addQuantities(left, { ...right, nanos: -right.nanos });
}

/** The canonical form: the largest suffix that needs no fraction. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0';
  if (format === 'BinarySI' && nanos % NANOS === 0n && magnitude(nanos) >= 1024n * NANOS)
    return formatBinary(nanos / NANOS);
  let mantissa = nanos;
  let exponent = -9;
  while (mantissa % 1000n === 0n && exponent < 18) {
    mantissa /= 1000n;
    exponent += 3;
  }
  if (format === 'DecimalExponent') return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
  return `${mantissa}${suffixOfExponent.get(exponent)}`;
}

function formatBinary(units: bigint): string {
  let power = 0;
  let mantissa = units;
  while (mantissa % 1024n === 0n && power < BINARY_SUFFIXES.length - 1) {
    mantissa /= 1024n;
    power++;
  }
  return `${mantissa}${BINARY_SUFFIXES[power]}`;
}

const magnitude = (value: bigint) => (value < 0n ? -value : value);
const roundUp = (nanos: bigint, unit: bigint) =>
  Number(nanos >= 0n ? (nanos + unit - 1n) / unit : -((-nanos + unit - 1n) / unit));

/** Thousandths, rounded up: `quantityToMillis('1.5')` is 1500. For CPU. */
export function quantityToMillis(quantity: Quantity | string): number {
  return roundUp(nanosOf(quantity), 1_000_000n);
}

/** Whole units, rounded up: bytes of memory and storage, counts of pods. */
export function quantityToBytes(quantity: Quantity | string): number {
  return roundUp(nanosOf(quantity), NANOS);
}

const nanosOf = (quantity: Quantity | string) =>
  typeof quantity === 'string' ? parseQuantity(quantity).nanos : quantity.nanos;

/** A text in its canonical form: `1000m` is `1`. Throws `QuantityError`. */
export function canonicalQuantity(text: string): string {
  return /^(0|[1-9][0-9]{0,2})(m|[KMG]i)?$/.test(text) && !/^0./.test(text)
    ? text
    : formatQuantity(parseQuantity(text));
}
