import { readFileSync } from 'node:fs';
import type { JsonObject } from '../machinery/json.js';
import { timeOfProtobuf } from '../machinery/time.js';
import { DecodeError, decodeValue } from './decode-json.js';
import { parseJson } from './scan-json.js';
import { typeDefinition, typeNameOf } from './types.js';
import { LENGTH_DELIMITED, VARINT, WireReader } from './wire-reader.js';

interface WireField {
  tag: number;
  /** `string`, `bytes`, `bool`, `int32`, `int64`, `double`, or the full name of a message. */
  type: string;
  label?: 'repeated' | 'map';
  /** The message's fields are members of the parent in JSON. */
  inline?: boolean;
}

const data = JSON.parse(readFileSync(new URL('./data/protobuf.json', import.meta.url), 'utf8')) as Record<
  string,
  Record<string, WireField>
>;

/** What stands before every protobuf body of Kubernetes: `k8s` and a zero byte. */
const MAGIC = [0x6b, 0x38, 0x73, 0x00];

/** Messages nest this deep at most. */
const MAX_DEPTH = 200;

/**
 * Decodes a body of content type `application/vnd.kubernetes.protobuf`: the envelope (magic bytes and `runtime.Unknown`)
 * and the object in it. The value is what the same object sent as JSON decodes to. Throws `DecodeError` when it is
 * truncated, malformed or of a kind that has no protobuf form.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */
export function decodeProtobuf(body: Uint8Array): { apiVersion: string; kind: string; value: JsonObject } {
  const { apiVersion, kind, raw } = readEnvelope(body);
  const typeName = typeNameOf(apiVersion, kind);
  if (typeName === undefined || !data[typeName])
    throw new DecodeError(`no kind "${kind}" is registered for version "${apiVersion}" in protobuf`);
  const message = readMessage(raw, typeName, MAX_DEPTH);
  const { value } = decodeValue(message, typeName);
  return { apiVersion, kind, value: { apiVersion, kind, ...value } };
}

function readEnvelope(body: Uint8Array): { apiVersion: string; kind: string; raw: Uint8Array } {
  if (MAGIC.some((byte, index) => body[index] !== byte))
    throw new DecodeError(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  const unknown = readParts(body.subarray(MAGIC.length));
  const [typeMeta, raw] = [unknown.get(1), unknown.get(2)];
  if (!typeMeta || !raw) throw new DecodeError('unexpected EOF');
  const { 1: apiVersion, 2: kind } = Object.fromEntries(readParts(typeMeta));
  return { apiVersion: readText(apiVersion), kind: readText(kind), raw };
}

/** The length-delimited fields of a message by number; the last of each wins. */
function readParts(bytes: Uint8Array): Map<number, Uint8Array> {
  const parts = new Map<number, Uint8Array>();
  const reader = new WireReader(bytes);
  while (!reader.atEnd) {
    const { field, wireType } = reader.tag();
    if (wireType === LENGTH_DELIMITED) parts.set(field, reader.lengthDelimited());
    else reader.skip(wireType);
  }
  return parts;
}

const utf8 = new TextDecoder();
const readText = (bytes: Uint8Array | undefined) => utf8.decode(bytes ?? new Uint8Array());

interface NamedWireField extends WireField {
  name: string;
}

const fieldsByTag = new Map<string, Map<number, NamedWireField>>();

function fieldsOf(typeName: string): Map<number, NamedWireField> {
  let fields = fieldsByTag.get(typeName);
  if (!fields) {
    const definitions = Object.entries(data[typeName] ?? {});
    fields = new Map(definitions.map(([name, definition]) => [definition.tag, { ...definition, name }]));
    fieldsByTag.set(typeName, fields);
  }
  return fields;
}

function readMessage(bytes: Uint8Array, typeName: string, depth: number): JsonObject {
  if (depth === 0) throw new DecodeError('proto: message nested too deeply');
  const message: JsonObject = {};
  const fields = fieldsOf(typeName);
  const reader = new WireReader(bytes);
  while (!reader.atEnd) {
    const { field: tag, wireType } = reader.tag();
    const field = fields.get(tag);
    if (field) readField(reader, wireType, field, message, depth);
    else reader.skip(wireType);
  }
  return message;
}

function readField(
  reader: WireReader,
  wireType: number,
  field: NamedWireField,
  message: JsonObject,
  depth: number,
): void {
  if (field.label === 'map') {
    const [key, value] = readMapEntry(reader.lengthDelimited(), field.type, depth);
    message[field.name] = { ...(message[field.name] as JsonObject), [key]: value };
  } else if (field.label === 'repeated') {
    message[field.name] ??= [];
    const list = message[field.name] as unknown[];
    list.push(...readItems(reader, wireType, field.type, depth));
  } else if (field.inline) {
    Object.assign(message, readMessage(reader.lengthDelimited(), field.type, depth - 1));
  } else {
    message[field.name] = readValue(reader, wireType, field.type, depth);
  }
}

/** One item, or a packed run of numbers. */
function readItems(reader: WireReader, wireType: number, type: string, depth: number): unknown[] {
  const packed = wireType === LENGTH_DELIMITED && ['int32', 'int64', 'bool'].includes(type);
  if (!packed) return [readValue(reader, wireType, type, depth)];
  const items: unknown[] = [];
  const run = new WireReader(reader.lengthDelimited());
  while (!run.atEnd) items.push(readValue(run, VARINT, type, depth));
  return items;
}

function readMapEntry(bytes: Uint8Array, valueType: string, depth: number): [string, unknown] {
  let key = '';
  let value: unknown;
  const reader = new WireReader(bytes);
  while (!reader.atEnd) {
    const { field, wireType } = reader.tag();
    if (field === 1) key = readText(reader.lengthDelimited());
    else if (field === 2) value = readValue(reader, wireType, valueType, depth);
    else reader.skip(wireType);
  }
  return [key, value ?? null];
}

function readValue(reader: WireReader, wireType: number, type: string, depth: number): unknown {
  const numeric = type === 'int32' || type === 'int64' || type === 'bool';
  if (numeric !== (wireType === VARINT) && type !== 'double')
    throw new DecodeError(`proto: wrong wireType = ${wireType} for field of type ${type}`);
  switch (type) {
    case 'int32':
    case 'int64':
      return reader.signed();
    case 'bool':
      return reader.signed() !== 0;
    case 'double':
      return reader.double();
    case 'string':
      return readText(reader.lengthDelimited());
    case 'bytes':
      return Buffer.from(reader.lengthDelimited()).toString('base64');
    default:
      return toJson(reader.lengthDelimited(), type, depth);
  }
}

/** Messages whose JSON is not an object of their fields. */
function toJson(bytes: Uint8Array, type: string, depth: number): unknown {
  const message = readMessage(bytes, type, depth - 1);
  switch (type) {
    case 'io.k8s.apimachinery.pkg.api.resource.Quantity':
      return message['string'] ?? '0';
    case 'io.k8s.apimachinery.pkg.util.intstr.IntOrString':
      return message['type'] === 1 ? (message['strVal'] ?? '') : (message['intVal'] ?? 0);
    case 'io.k8s.apimachinery.pkg.apis.meta.v1.Time':
      return bytes.length === 0 ? null : timeOfProtobuf(message, false);
    case 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime':
      return bytes.length === 0 ? null : timeOfProtobuf(message, true);
    case 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1':
      return rawJson(message['Raw']);
    case 'io.k8s.apimachinery.pkg.runtime.RawExtension':
      return rawJson(message['raw']);
    default:
      return isNamedList(type) ? (message['items'] ?? []) : message;
  }
}

const rawJson = (base64: unknown) =>
  typeof base64 === 'string' && base64 !== '' ? parseJson(Buffer.from(base64, 'base64').toString()) : null;

/** Go's named slices (`Verbs`, `ExtraValue`) are messages with one list on the wire and plain lists in JSON. */
const isNamedList = (type: string) => {
  const fields = Object.keys(data[type] ?? {});
  return !typeDefinition(type) && fields.length === 1 && fields[0] === 'items';
};
