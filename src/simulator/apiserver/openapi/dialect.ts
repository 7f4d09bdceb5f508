/** Any JSON schema, of OpenAPI 2 or 3. */
export type Schema = Record<string, unknown>;

/** Where the two versions of OpenAPI differ in how they write a schema. */
export interface Dialect {
  /** A reference to a named schema, with what is said beside it. */
  reference(typeName: string, beside: Schema): Schema;
  /** A value of one of several scalar types, such as IntOrString and Quantity. */
  oneOf(types: readonly string[], format: string | undefined): Schema;
  /** Lists of allowed values are published by OpenAPI 3 only. */
  enums: boolean;
}

const REFERENCE_V2 = '#/definitions/';
const REFERENCE_V3 = '#/components/schemas/';

export const OPENAPI_V2: Dialect = {
  reference: (typeName, beside) => ({ ...beside, $ref: `${REFERENCE_V2}${typeName}` }),
  oneOf: (_types, format) => ({ type: 'string', ...(format && { format }) }),
  enums: false,
};

/** In OpenAPI 3.0 nothing counts that stands beside a `$ref`, so the reference is wrapped. */
export const OPENAPI_V3: Dialect = {
  reference: (typeName, beside) => {
    const reference = { $ref: `${REFERENCE_V3}${typeName}` };
    return Object.keys(beside).length === 0 ? reference : { ...beside, allOf: [reference] };
  },
  oneOf: (types, format) => ({ oneOf: types.map((type) => ({ type })), ...(format && { format }) }),
  enums: true,
};
