import type { ServedResource } from '../../schema/resources.js';
import { OBJECT_META } from '../../schema/types.js';
import type { Dialect, Schema } from './dialect.js';
import type { FieldTexts } from './field-texts.js';

export const LIST_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';
/** Any built-in type that has the fields every object has; their texts are the same everywhere. */
const ANY_OBJECT = 'io.k8s.api.core.v1.Namespace';

/** How a custom type is called in OpenAPI documents: `example.sea.v1.Boat` for group `sea.example`. */
export function customTypeName({ group, version }: ServedResource, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

const identity = ({ group, version }: ServedResource, kind: string): Schema => ({
  'x-kubernetes-group-version-kind': [{ group, kind, version }],
});

function objectFields(meta: string, texts: FieldTexts, dialect: Dialect): Schema {
  const { apiVersion, kind, metadata } = texts[ANY_OBJECT] ?? {};
  const text = (description: string | undefined) => (description ? { description } : {});
  return {
    apiVersion: { ...text(apiVersion), type: 'string' },
    kind: { ...text(kind), type: 'string' },
    metadata: dialect.reference(meta, text(metadata)),
  };
}

/** The schemas of a custom resource and its list, from the definition's `openAPIV3Schema` (anything when it has none). */
export function customSchemas(
  resource: ServedResource,
  texts: FieldTexts,
  dialect: Dialect,
): Record<string, Schema> {
  const declared = resource.definition?.schema?.openAPIV3Schema;
  const { properties, ...rest }: Schema = {
    ...(declared ?? { 'x-kubernetes-preserve-unknown-fields': true }),
  };
  const kindName = customTypeName(resource, resource.kind);
  return {
    [kindName]: {
      ...rest,
      type: 'object',
      properties: { ...(properties as Schema | undefined), ...objectFields(OBJECT_META, texts, dialect) },
      ...identity(resource, resource.kind),
    },
    [customTypeName(resource, resource.listKind)]: {
      description: `${resource.listKind} is a list of ${resource.kind}`,
      type: 'object',
      required: ['items'],
      properties: {
        ...objectFields(LIST_META, texts, dialect),
        items: { type: 'array', items: dialect.reference(kindName, {}) },
      },
      ...identity(resource, resource.listKind),
    },
  };
}
