import type { Schema } from './dialect.js';
import { booleanField, lengthDelimited } from './protobuf-writer.js';

/** Writes one value as the field of this number; nothing when it is absent. */
type Encode = (fieldNumber: number, value: unknown) => Buffer[];

/** A message: the encoder of each JSON key, and the number of the field for keys that begin with `x-`. */
interface Message {
  fields: Record<string, [fieldNumber: number, encode: Encode]>;
  extensions?: number;
}

const text: Encode = (fieldNumber, value) => [lengthDelimited(fieldNumber, String(value))];
const flag: Encode = (fieldNumber, value) => [booleanField(fieldNumber, value === true)];
/** `Any`: the value as YAML, of which JSON is a part. */
const any: Encode = (fieldNumber, value) => [
  lengthDelimited(fieldNumber, lengthDelimited(2, `${JSON.stringify(value)}\n`)),
];
const each =
  (encode: Encode): Encode =>
  (fieldNumber, value) =>
    (Array.isArray(value) ? value : [value]).flatMap((item) => encode(fieldNumber, item));
/** A message around another, whose only field has this number. */
const within =
  (inner: number, encode: Encode): Encode =>
  (fieldNumber, value) => [lengthDelimited(fieldNumber, Buffer.concat(encode(inner, value)))];
/** A map: repeated messages of name (1) and value (2), in fields of this number of a message of their own. */
const named =
  (inner: number, encode: Encode): Encode =>
  (fieldNumber, value) => {
    const entries = Object.entries(value as Schema).map(([name, item]) =>
      lengthDelimited(inner, Buffer.concat([lengthDelimited(1, name), ...encode(2, item)])),
    );
    return [lengthDelimited(fieldNumber, Buffer.concat(entries))];
  };

function encodeMessage(message: Message, value: Schema): Buffer {
  const parts: Buffer[] = [];
  for (const [key, item] of Object.entries(value)) {
    const [fieldNumber, encode] = message.fields[key] ?? [];
    if (fieldNumber !== undefined && encode) parts.push(...encode(fieldNumber, item));
    else if (message.extensions !== undefined && key.startsWith('x-'))
      parts.push(
        lengthDelimited(message.extensions, Buffer.concat([lengthDelimited(1, key), ...any(2, item)])),
      );
  }
  return Buffer.concat(parts);
}

/** The message is looked up when it is used, because schemas contain schemas. */
const message =
  (find: () => Message): Encode =>
  (fieldNumber, value) => [lengthDelimited(fieldNumber, encodeMessage(find(), value as Schema))];

const schema = message(() => SCHEMA);
const operation = message(() => OPERATION);

const SCHEMA: Message = {
  fields: {
    $ref: [1, text],
    format: [2, text],
    title: [3, text],
    description: [4, text],
    default: [5, any],
    pattern: [13, text],
    uniqueItems: [16, flag],
    required: [19, each(text)],
    enum: [20, each(any)],
    additionalProperties: [
      21,
      (fieldNumber, value) =>
        within(typeof value === 'boolean' ? 2 : 1, typeof value === 'boolean' ? flag : schema)(
          fieldNumber,
          value,
        ),
    ],
    type: [22, within(1, each(text))],
    items: [23, within(1, each(schema))],
    allOf: [24, each(schema)],
    properties: [25, named(1, schema)],
  },
  extensions: 31,
};

const QUERY_PARAMETER: Message = {
  fields: { required: [1, flag], in: [2, text], description: [3, text], name: [4, text], type: [6, text] },
};
const PATH_PARAMETER: Message = {
  fields: { required: [1, flag], in: [2, text], description: [3, text], name: [4, text], type: [5, text] },
};
const BODY_PARAMETER: Message = {
  fields: {
    description: [1, text],
    name: [2, text],
    in: [3, text],
    required: [4, flag],
    schema: [5, schema],
  },
};

/** Parameter (1) or reference; with body (1) or without (2); without: in the query (3) or in the path (4). */
const BODY_CHOICE = within(
  1,
  within(
    1,
    message(() => BODY_PARAMETER),
  ),
);
const QUERY_CHOICE = within(
  1,
  within(
    2,
    within(
      3,
      message(() => QUERY_PARAMETER),
    ),
  ),
);
const PATH_CHOICE = within(
  1,
  within(
    2,
    within(
      4,
      message(() => PATH_PARAMETER),
    ),
  ),
);

const parameter: Encode = (fieldNumber, value) => {
  const place = (value as Schema)['in'];
  const encode = place === 'body' ? BODY_CHOICE : place === 'query' ? QUERY_CHOICE : PATH_CHOICE;
  return encode(fieldNumber, value);
};

const RESPONSE: Message = { fields: { description: [1, text], schema: [2, within(1, schema)] } };

const OPERATION: Message = {
  fields: {
    description: [3, text],
    operationId: [5, text],
    produces: [6, each(text)],
    consumes: [7, each(text)],
    parameters: [8, each(parameter)],
    responses: [
      9,
      named(
        1,
        within(
          1,
          message(() => RESPONSE),
        ),
      ),
    ],
    schemes: [10, each(text)],
  },
  extensions: 13,
};

const PATH_ITEM: Message = {
  fields: {
    get: [2, operation],
    put: [3, operation],
    post: [4, operation],
    delete: [5, operation],
    patch: [8, operation],
    parameters: [9, each(parameter)],
  },
};

const INFO: Message = { fields: { title: [1, text], version: [2, text] } };

const DOCUMENT: Message = {
  fields: {
    swagger: [1, text],
    info: [2, message(() => INFO)],
    paths: [
      8,
      named(
        2,
        message(() => PATH_ITEM),
      ),
    ],
    definitions: [9, named(1, schema)],
  },
};

/**
 * An OpenAPI 2.0 document as protobuf, in the messages of gnostic
 * (https://github.com/google/gnostic-models/blob/main/openapiv2/OpenAPIv2.proto), as far as documentV2 fills them.
 */
export function encodeDocument(document: Schema): Buffer {
  return encodeMessage(DOCUMENT, document);
}
