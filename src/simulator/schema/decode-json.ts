import { isObject, type JsonObject } from '../machinery/json.js';
import { DecodeError } from './decode-error.js';
import { decodeBase64, decodeInteger, jsonTypeOf, SPECIAL_TYPES, TypeMismatch } from './decode-scalars.js';
import { findDuplicateFields, parseJson } from './scan-json.js';
import {
  type FieldDefinition,
  goTypeName,
  OBJECT_META,
  type TypeDefinition,
  typeDefinition,
  type ValueDefinition,
} from './types.js';

export { DecodeError } from './decode-error.js';

export interface DecodeOptions {
  /** Look for fields that the text has twice; costs a second, slower pass. */
  findDuplicates?: boolean;
}

export interface Decoded {
  /** As the API server would write it: unknown fields, nulls and empty optional values dropped. */
  value: JsonObject;
  /** Paths of fields that the type does not have, e.g. `spec.template.spec.containers[0].imag`. */
  unknownFields: string[];
  duplicateFields: string[];
}

/** Deeper than Go's JSON decoder allows anyone to need, shallow enough for every recursion of ours. */
const MAX_DEPTH = 1000;

/**
 * Decodes a JSON body as an object of this type, the way Go's decoder and encoder would leave it. Without a type (custom
 * resources) only `metadata` is decoded. Throws `DecodeError` with the API server's message.
 */
export function decodeJson(
  text: string,
  typeName: string | undefined,
  { findDuplicates = false }: DecodeOptions = {},
): Decoded {
  const value = parseJson(text);
  if (!isObject(value)) throw new DecodeError(mismatchAtTop(value, typeName));
  return {
    ...decodeValue(value, typeName),
    duplicateFields: findDuplicates ? findDuplicateFields(text, value) : [],
  };
}

/** `decodeJson` for an already parsed value, e.g. the outcome of a patch. Does not change it. */
export function decodeValue(
  value: JsonObject,
  typeName: string | undefined,
): { value: JsonObject; unknownFields: string[] } {
  const decoder = new Decoder();
  const decoded =
    typeName === undefined
      ? decoder.decodeUntypedObject(value)
      : decoder.decodeStruct(value, typeName, MAX_DEPTH);
  if (decoder.mismatch !== undefined) throw new DecodeError(decoder.mismatch);
  return { value: decoded, unknownFields: decoder.unknownFields };
}

const mismatchAtTop = (value: unknown, typeName: string | undefined) =>
  `json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type ${
    typeName === undefined ? 'map[string]interface {}' : goTypeName(typeName)
  }`;

/**
 * Walks value and type together. Like Go's decoder it goes on after a value of the wrong type and reports the first one
 * in the end; what types with a form of their own (quantities, times) refuse is thrown at once.
 */
class Decoder {
  readonly unknownFields: string[] = [];
  mismatch: string | undefined;
  private readonly path: (string | number)[] = [];
  private struct = '';

  decodeUntypedObject(value: JsonObject): JsonObject {
    assertDepth(value, MAX_DEPTH);
    if (!isObject(value['metadata'])) return value;
    this.path.push('metadata');
    const metadata = this.decodeStruct(value['metadata'], OBJECT_META, MAX_DEPTH);
    this.path.pop();
    return { ...value, metadata };
  }

  decodeStruct(value: JsonObject, typeName: string, depth: number): JsonObject {
    if (depth === 0) throw new DecodeError('exceeded max depth');
    const plan = planOf(typeName);
    const outer = this.struct;
    this.struct = plan.goName;
    const decoded: JsonObject = {};
    for (const name of Object.keys(value)) {
      const member = value[name];
      const field = plan.fields.get(name);
      if (!field) {
        this.unknownFields.push(this.fieldPath(name));
        continue;
      }
      if (member === null || member === undefined) continue;
      this.path.push(name);
      const result = this.decode(member, field, depth - 1, field.goType);
      if (result !== undefined && !(field.dropZero && isZero(result))) decoded[name] = result;
      this.path.pop();
    }
    for (const { name, zero } of plan.fills) if (decoded[name] === undefined) decoded[name] = zero();
    this.struct = outer;
    return decoded;
  }

  private decode(value: unknown, definition: ValueDefinition, depth: number, goType?: string): unknown {
    try {
      if (definition.ref !== undefined) return this.decodeReference(value, definition.ref, depth);
      if (definition.type === 'array') return this.decodeList(value, definition.items ?? {}, depth, goType);
      if (definition.type === 'object') return this.decodeMap(value, definition.values ?? {}, depth, goType);
      return decodeScalar(value, definition, goType);
    } catch (error) {
      if (!(error instanceof TypeMismatch)) throw error;
      this.mismatch ??= `json: cannot unmarshal ${error.found} into Go struct field ${this.struct}.${this.goPath()} of type ${error.wanted}`;
      return undefined;
    }
  }

  private decodeReference(value: unknown, typeName: string, depth: number): unknown {
    const special = SPECIAL_TYPES.get(typeName);
    if (special) return special.decode(value);
    if (!typeDefinition(typeName)?.fields) {
      assertDepth(value, depth);
      return value;
    }
    if (!isObject(value)) throw new TypeMismatch(jsonTypeOf(value), goTypeName(typeName));
    return this.decodeStruct(value, typeName, depth);
  }

  private decodeList(value: unknown, items: ValueDefinition, depth: number, goType?: string): unknown[] {
    if (!Array.isArray(value)) throw new TypeMismatch(jsonTypeOf(value), `[]${goType ?? goTypeOf(items)}`);
    return value.map((item, index) => {
      this.path.push(index);
      const decoded = item === null ? zeroOf(items) : this.decode(item, items, depth - 1, goType);
      this.path.pop();
      return decoded;
    });
  }

  private decodeMap(value: unknown, values: ValueDefinition, depth: number, goType?: string): JsonObject {
    if (!isObject(value))
      throw new TypeMismatch(jsonTypeOf(value), goType ?? `map[string]${goTypeOf(values)}`);
    const decoded: JsonObject = {};
    for (const key of Object.keys(value)) {
      this.path.push(key);
      const member = value[key] ?? null;
      decoded[key] = member === null ? zeroOf(values) : this.decodeMember(member, values, depth - 1);
      this.path.pop();
    }
    return decoded;
  }

  /** Go names only fields in its messages, so a map's key is left out of the path. */
  private decodeMember(value: unknown, values: ValueDefinition, depth: number): unknown {
    if (isStructValue(values)) return this.decode(value, values, depth);
    const key = this.path.pop();
    const decoded = this.decode(value, values, depth);
    if (key !== undefined) this.path.push(key);
    return decoded;
  }

  private goPath(): string {
    return this.path.filter((step) => typeof step === 'string').join('.');
  }

  private fieldPath(name: string): string {
    let text = '';
    for (const step of this.path)
      text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`;
    return text === '' ? name : `${text}.${name}`;
  }
}

function decodeScalar(value: unknown, definition: ValueDefinition, goType?: string): unknown {
  switch (definition.type) {
    case 'string':
      if (typeof value !== 'string')
        throw new TypeMismatch(jsonTypeOf(value), goType ?? goTypeOf(definition));
      return definition.format === 'byte' ? decodeBase64(value) : value;
    case 'boolean':
      if (typeof value !== 'boolean') throw new TypeMismatch(jsonTypeOf(value), goType ?? 'bool');
      return value;
    case 'integer':
      return decodeInteger(value, definition.format === 'int64' ? 'int64' : 'int32', goType);
    case 'number':
      if (typeof value !== 'number') throw new TypeMismatch(jsonTypeOf(value), 'float64');
      return value;
    default:
      return value;
  }
}

function goTypeOf(definition: ValueDefinition): string {
  if (definition.ref !== undefined) return goTypeName(definition.ref);
  switch (definition.type) {
    case 'string':
      return definition.format === 'byte' ? '[]uint8' : 'string';
    case 'boolean':
      return 'bool';
    case 'integer':
      return definition.format ?? 'int32';
    case 'number':
      return 'float64';
    case 'array':
      return `[]${goTypeOf(definition.items ?? {})}`;
    default:
      return `map[string]${goTypeOf(definition.values ?? { type: 'string' })}`;
  }
}

const isStructValue = (definition: ValueDefinition) =>
  definition.ref !== undefined && typeDefinition(definition.ref)?.fields !== undefined;

interface FieldPlan extends FieldDefinition {
  /** The encoder leaves it out when it is zero. */
  dropZero: boolean;
}

interface TypePlan {
  goName: string;
  fields: Map<string, FieldPlan>;
  /** What the encoder writes even when nothing was sent. */
  fills: { name: string; zero: () => unknown }[];
}

const plans = new Map<string, TypePlan>();

function planOf(typeName: string): TypePlan {
  const known = plans.get(typeName);
  if (known) return known;
  const plan = makePlan(typeName, typeDefinition(typeName) ?? {});
  plans.set(typeName, plan);
  return plan;
}

function makePlan(typeName: string, { fields = {}, goKnown = false }: TypeDefinition): TypePlan {
  const entries = Object.entries(fields);
  return {
    goName: typeName.slice(typeName.lastIndexOf('.') + 1),
    fields: new Map(
      entries.map(([name, field]) => [name, { ...field, dropZero: goKnown && isDroppedWhenZero(field) }]),
    ),
    fills: entries
      .filter(([, field]) => goKnown && isAlwaysWritten(field))
      .map(([name, field]) => ({ name, zero: () => zeroOf(field) })),
  };
}

const isDroppedWhenZero = (field: FieldDefinition) =>
  !field.pointer && !field.always && field.ref === undefined;

/** Structs that are no pointers are written as `{}`, times as null; other values when they lack `omitempty`. */
function isAlwaysWritten(field: FieldDefinition): boolean {
  if (field.pointer || field.omitZero) return false;
  if (field.ref === undefined) return field.always === true;
  return SPECIAL_TYPES.has(field.ref) || typeDefinition(field.ref)?.fields !== undefined;
}

function isZero(value: unknown): boolean {
  if (value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** A Go variable of this type that nothing was decoded into, as JSON. */
function zeroOf(definition: ValueDefinition): unknown {
  if (definition.ref !== undefined) {
    const special = SPECIAL_TYPES.get(definition.ref);
    if (special) return special.zero;
    const empty: JsonObject = {};
    for (const { name, zero } of planOf(definition.ref).fills) empty[name] = zero();
    return empty;
  }
  if (definition.type === 'string') return '';
  if (definition.type === 'boolean') return false;
  if (definition.type === 'array') return [];
  return definition.type === 'object' ? {} : 0;
}

/** Bounds what is taken over as it came, which every later recursion walks. */
function assertDepth(value: unknown, limit: number): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) throw new DecodeError('exceeded max depth');
    level = level.flatMap((item) =>
      typeof item === 'object' && item !== null
        ? Object.values(item).filter((member) => typeof member === 'object' && member !== null)
        : [],
    );
  }
}
