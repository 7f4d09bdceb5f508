import {
  type FieldDefinition,
  type TypeDefinition,
  typeDefinition,
  type ValueDefinition,
} from '../../schema/types.js';
import type { Dialect, Schema } from './dialect.js';
import type { FieldTexts, TypeTexts } from './field-texts.js';

/** How a list or map is merged, as `kubectl apply` and server-side apply read it. */
function mergeRules(field: FieldDefinition): Schema {
  return {
    ...(field.listMapKeys && { 'x-kubernetes-list-map-keys': field.listMapKeys }),
    ...(field.listType && { 'x-kubernetes-list-type': field.listType }),
    ...(field.mapType && { 'x-kubernetes-map-type': field.mapType }),
    ...(field.patchMergeKey && { 'x-kubernetes-patch-merge-key': field.patchMergeKey }),
    ...(field.patchStrategy && { 'x-kubernetes-patch-strategy': field.patchStrategy }),
  };
}

function valueSchema(value: ValueDefinition, beside: Schema, dialect: Dialect): Schema {
  if (value.ref) return dialect.reference(value.ref, beside);
  return {
    ...beside,
    ...(value.type && { type: value.type }),
    ...(value.format && { format: value.format }),
    ...(value.items && { items: valueSchema(value.items, {}, dialect) }),
    ...(value.values && { additionalProperties: valueSchema(value.values, {}, dialect) }),
    ...(value.enum && dialect.enums && { enum: value.enum }),
  };
}

function fieldSchema(field: FieldDefinition, text: string | undefined, dialect: Dialect): Schema {
  const beside = {
    ...(text && { description: text }),
    ...(field.default !== undefined && { default: field.default }),
    ...mergeRules(field),
  };
  return valueSchema(field, beside, dialect);
}

function bareSchema(definition: TypeDefinition, texts: TypeTexts, dialect: Dialect): Schema {
  if (definition.oneOf) return dialect.oneOf(definition.oneOf, definition.format);
  const properties = Object.entries(definition.fields ?? {}).map(([name, field]) => [
    name,
    fieldSchema(field, texts[name], dialect),
  ]);
  return {
    ...(definition.type && { type: definition.type }),
    ...(definition.format && { format: definition.format }),
    ...(definition.required && { required: definition.required }),
    ...(definition.fields && { properties: Object.fromEntries(properties) }),
    ...(definition.mapType && { 'x-kubernetes-map-type': definition.mapType }),
    ...(definition.gvk && { 'x-kubernetes-group-version-kind': definition.gvk }),
  };
}

/** The schema of a built-in type; its fields' references stay references. */
export function typeSchema(typeName: string, texts: FieldTexts, dialect: Dialect): Schema {
  const own = texts[typeName] ?? {};
  return {
    ...(own[''] && { description: own[''] }),
    ...bareSchema(typeDefinition(typeName) ?? {}, own, dialect),
  };
}

function referencesOf(value: ValueDefinition): string[] {
  if (value.ref) return [value.ref];
  return [value.items, value.values].flatMap((inner) => (inner ? referencesOf(inner) : []));
}

/** These types and all that they refer to, sorted. */
export function withReferences(typeNames: Iterable<string>): string[] {
  const found = new Set<string>();
  const visit = (typeName: string) => {
    if (found.has(typeName)) return;
    found.add(typeName);
    for (const field of Object.values(typeDefinition(typeName)?.fields ?? {}))
      referencesOf(field).forEach(visit);
  };
  for (const typeName of typeNames) visit(typeName);
  return [...found].sort();
}
