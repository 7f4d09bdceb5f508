import { canonicalQuantity, QuantityError } from '../machinery/quantity.js';
import { canonicalMicroTime, canonicalTime, TimeError } from '../machinery/time.js';
import { DecodeError } from './decode-error.js';

/** A value of the wrong JSON type; the caller knows which field it was for. */
export class TypeMismatch extends Error {
  constructor(
    readonly found: string,
    readonly wanted: string,
  ) {
    super(`cannot unmarshal ${found} into ${wanted}`);
  }
}

/** What Go's JSON decoder calls a value of this type. */
export function jsonTypeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value;
}

const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
const TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.Time';
const MICRO_TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime';

interface SpecialType {
  decode(value: unknown): unknown;
  /** What a Go field that is no pointer holds when nothing was sent. */
  zero: unknown;
}

/** The types with a JSON form of their own, by full name. */
export const SPECIAL_TYPES: ReadonlyMap<string, SpecialType> = new Map([
  [QUANTITY, { decode: decodeQuantity, zero: '0' }],
  [INT_OR_STRING, { decode: decodeIntOrString, zero: 0 }],
  [TIME, { decode: (value: unknown) => decodeTime(value, canonicalTime), zero: null }],
  [MICRO_TIME, { decode: (value: unknown) => decodeTime(value, canonicalMicroTime), zero: null }],
]);

function decodeQuantity(value: unknown): string {
  try {
    return canonicalQuantity(typeof value === 'object' ? '{}' : String(value));
  } catch (error) {
    if (error instanceof QuantityError) throw new DecodeError(error.message, { cause: error });
    throw error;
  }
}

function decodeIntOrString(value: unknown): number | string {
  return typeof value === 'string' ? value : decodeInteger(value, 'int32');
}

function decodeTime(value: unknown, canonical: (text: string) => string): string {
  if (typeof value !== 'string') throw new TypeMismatch(jsonTypeOf(value), 'string');
  try {
    return canonical(value);
  } catch (error) {
    if (error instanceof TimeError) throw new DecodeError(error.message, { cause: error });
    throw error;
  }
}

export function decodeInteger(value: unknown, format: 'int32' | 'int64', goType: string = format): number {
  if (typeof value !== 'number') throw new TypeMismatch(jsonTypeOf(value), goType);
  const limit = format === 'int32' ? 2 ** 31 : 2 ** 63;
  if (!Number.isInteger(value) || value >= limit || value < -limit)
    throw new TypeMismatch(`number ${value}`, goType);
  return value;
}

/** Standard base64 with padding; line breaks are skipped. Returns it without them. */
export function decodeBase64(value: string): string {
  const text = value.replace(/[\r\n]/g, '');
  const wrong = /[^A-Za-z0-9+/]/.exec(text.replace(/={1,2}$/, ''));
  if (!wrong && text.length % 4 === 0) return text;
  const position = wrong ? wrong.index : text.length - (text.length % 4);
  throw new DecodeError(`illegal base64 data at input byte ${position}`);
}
