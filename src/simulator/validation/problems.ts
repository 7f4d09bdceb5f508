import { goJson } from '../machinery/json.js';

/** One thing that is wrong with an object, as a cause of a 422 answer. */
export interface FieldProblem {
  reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid'
    | 'FieldValueNotFound';
  /** `spec.containers[0].name` */
  field: string;
  /** `Required value`, `Invalid value: "x": must be …`; without the field. */
  message: string;
}

/** What a validator yields. */
export type Problems = Generator<FieldProblem, void>;

const withDetail = (message: string, detail: string) => (detail === '' ? message : `${message}: ${detail}`);

/** A value that Go prints in a way of its own: here is the text. */
export class Shown {
  constructor(readonly text: string) {}
}

/** Values as the API server shows them: texts quoted, numbers bare, the rest as JSON. */
function show(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return quote(value);
  if (value instanceof Shown) return value.text;
  return typeof value === 'object' ? goJson(value) : String(value);
}

/** A text as Go's `%q` prints it. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/\u007f/g, '\\x7f');
}

export function required(field: string, detail = ''): FieldProblem {
  return { reason: 'FieldValueRequired', field, message: withDetail('Required value', detail) };
}

export function invalid(field: string, value: unknown, detail: string): FieldProblem {
  return {
    reason: 'FieldValueInvalid',
    field,
    message: withDetail(`Invalid value: ${show(value)}`, detail),
  };
}

export function typeInvalid(field: string, value: unknown, detail: string): FieldProblem {
  return {
    reason: 'FieldValueTypeInvalid',
    field,
    message: withDetail(`Invalid value: ${show(value)}`, detail),
  };
}

/** The supported values are shown in the order given. */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldProblem {
  const detail = supported.length === 0 ? '' : `supported values: ${supported.map(quote).join(', ')}`;
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: withDetail(`Unsupported value: ${show(value)}`, detail),
  };
}

export function duplicate(field: string, value: unknown): FieldProblem {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${show(value)}` };
}

export function notFound(field: string, value: unknown): FieldProblem {
  return { reason: 'FieldValueNotFound', field, message: `Not found: ${show(value)}` };
}

export function forbidden(field: string, detail: string): FieldProblem {
  return { reason: 'FieldValueForbidden', field, message: withDetail('Forbidden', detail) };
}

export function tooLong(field: string, limitBytes: number): FieldProblem {
  return {
    reason: 'FieldValueTooLong',
    field,
    message: `Too long: may not be more than ${limitBytes} bytes`,
  };
}

export function tooMany(field: string, count: number, limit: number): FieldProblem {
  return {
    reason: 'FieldValueTooMany',
    field,
    message: `Too many: ${count}: must have at most ${limit} items`,
  };
}
