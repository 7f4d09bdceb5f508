import { cloneJson, equalJson, goJson, isObject, type JsonObject } from '../../machinery/json.js';
import type { StatusCause } from '../api-error.js';

/** The part of OpenAPI v3 that a structural schema is made of; https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema */
export interface StructuralSchema {
  type?: string;
  properties?: Record<string, StructuralSchema>;
  additionalProperties?: StructuralSchema | boolean;
  items?: StructuralSchema;
  default?: unknown;
  nullable?: boolean;
  required?: string[];
  enum?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
  maxProperties?: number;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
}

/** Always there, whatever the schema says; the API server knows them itself. */
const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

/** Removes in place what the schema does not name, and returns the paths of it. */
export function pruneUnknown(value: unknown, schema: StructuralSchema, path = '', atRoot = true): string[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.flatMap((item, index) => pruneUnknown(item, items, `${path}[${index}]`, false)) : [];
  }
  if (!isObject(value)) return [];
  const isResource = atRoot || schema['x-kubernetes-embedded-resource'] === true;
  return Object.keys(value).flatMap((key) => {
    if (isResource && OBJECT_FIELDS.has(key)) return [];
    const child = childSchema(schema, key);
    const childPath = path === '' ? key : `${path}.${key}`;
    if (child) return pruneUnknown(value[key], child, childPath, false);
    if (schema['x-kubernetes-preserve-unknown-fields'] || schema.additionalProperties === true) return [];
    delete value[key];
    return [childPath];
  });
}

/** Fills in the defaults in place. */
export function fillDefaults(value: unknown, schema: StructuralSchema): void {
  if (Array.isArray(value)) {
    if (schema.items) for (const item of value) fillDefaults(item, schema.items);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    const absent = value[key] === undefined || (value[key] === null && !child.nullable);
    if (absent && child.default !== undefined) value[key] = cloneJson(child.default);
  }
  for (const key of Object.keys(value)) {
    const child = childSchema(schema, key);
    if (child) fillDefaults(value[key], child);
  }
}

function childSchema(
  { properties, additionalProperties }: StructuralSchema,
  key: string,
): StructuralSchema | undefined {
  if (properties && Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** What is wrong with a value, in the words of the API server. */
export function validateStructure(value: unknown, schema: StructuralSchema, path = ''): StatusCause[] {
  if (value === null && schema.nullable) return [];
  const mismatch = typeMismatch(value, schema, path);
  if (mismatch) return [mismatch];
  const problems = enumProblems(value, schema, path);
  if (Array.isArray(value)) return [...problems, ...validateArray(value, schema, path)];
  if (isObject(value)) return [...problems, ...validateObject(value, schema, path)];
  if (typeof value === 'string') return [...problems, ...validateText(value, schema, path)];
  if (typeof value === 'number') return [...problems, ...validateNumber(value, schema, path)];
  return problems;
}

const wrong = (field: string, value: unknown, why: string): StatusCause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${goJson(value)}: ${field} in body ${why}`,
  field,
});

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
};

/** The API server shows the type where it shows the value of other mistakes. */
function typeMismatch(value: unknown, schema: StructuralSchema, field: string): StatusCause | undefined {
  const actual = typeOf(value);
  if (schema['x-kubernetes-int-or-string']) {
    if (actual === 'integer' || actual === 'string') return undefined;
  } else if (!schema.type || schema.type === actual || (schema.type === 'number' && actual === 'integer')) {
    return undefined;
  }
  const wanted = schema.type ?? 'integer,string';
  return {
    reason: 'FieldValueTypeInvalid',
    message: `Invalid value: ${JSON.stringify(actual)}: ${field} in body must be of type ${wanted}: ${JSON.stringify(actual)}`,
    field,
  };
}

function enumProblems(value: unknown, { enum: allowed }: StructuralSchema, field: string): StatusCause[] {
  if (!allowed || allowed.some((each) => equalJson(each, value))) return [];
  const supported = allowed.map((each) => JSON.stringify(each)).join(', ');
  const message = `Unsupported value: ${goJson(value)}: supported values: ${supported}`;
  return [{ reason: 'FieldValueNotSupported', message, field }];
}

function validateArray(value: unknown[], schema: StructuralSchema, path: string): StatusCause[] {
  const { items, minItems = 0, maxItems } = schema;
  const problems: StatusCause[] = [];
  if (value.length < minItems)
    problems.push(wrong(path, value.length, `should have at least ${minItems} items`));
  if (maxItems !== undefined && value.length > maxItems) {
    problems.push({
      reason: 'FieldValueTooMany',
      message: `Too many: ${value.length}: must have at most ${maxItems} items`,
      field: path,
    });
  }
  if (!items) return problems;
  return [
    ...problems,
    ...value.flatMap((item, index) => validateStructure(item, items, `${path}[${index}]`)),
  ];
}

function validateObject(value: JsonObject, schema: StructuralSchema, path: string): StatusCause[] {
  const at = (key: string) => (path === '' ? key : `${path}.${key}`);
  const count = Object.keys(value).length;
  const problems: StatusCause[] = (schema.required ?? [])
    .filter((key) => value[key] === undefined)
    .map((key) => ({ reason: 'FieldValueRequired', message: 'Required value', field: at(key) }));
  if (schema.minProperties !== undefined && count < schema.minProperties) {
    problems.push(wrong(path, count, `should have at least ${schema.minProperties} properties`));
  }
  if (schema.maxProperties !== undefined && count > schema.maxProperties) {
    problems.push(wrong(path, count, `should have at most ${schema.maxProperties} properties`));
  }
  for (const [key, member] of Object.entries(value)) {
    const child = childSchema(schema, key);
    if (child && member !== undefined) problems.push(...validateStructure(member, child, at(key)));
  }
  return problems;
}

function validateText(
  value: string,
  { minLength, maxLength, pattern }: StructuralSchema,
  path: string,
): StatusCause[] {
  const { length } = [...value];
  const problems: StatusCause[] = [];
  if (minLength !== undefined && length < minLength) {
    problems.push(wrong(path, value, `should be at least ${minLength} chars long`));
  }
  if (maxLength !== undefined && length > maxLength) {
    const message = `Too long: may not be more than ${maxLength} bytes`;
    problems.push({ reason: 'FieldValueTooLong', message, field: path });
  }
  if (pattern !== undefined && !compile(pattern).test(value)) {
    problems.push(wrong(path, value, `should match '${pattern}'`));
  }
  return problems;
}

const compiled = new Map<string, RegExp>();

/** A pattern that JavaScript cannot read lets everything pass: the definition was accepted with it. */
function compile(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known) return known;
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, 'u');
  } catch {
    expression = /(?:)/;
  }
  if (compiled.size > 1000) compiled.clear();
  compiled.set(pattern, expression);
  return expression;
}

function validateNumber(value: number, schema: StructuralSchema, path: string): StatusCause[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const problems: StatusCause[] = [];
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    problems.push(
      wrong(path, value, `should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`),
    );
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    problems.push(
      wrong(path, value, `should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`),
    );
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) {
    problems.push(wrong(path, value, `should be a multiple of ${multipleOf}`));
  }
  return problems;
}
