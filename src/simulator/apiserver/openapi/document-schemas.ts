import type { ServedResource } from '../../schema/resources.js';
import { OBJECT_META } from '../../schema/types.js';
import { customSchemas, LIST_META } from './custom-schemas.js';
import type { Dialect, Schema } from './dialect.js';
import type { FieldTexts } from './field-texts.js';
import { type PathOperations, typesOfOperations } from './operations.js';
import { typeSchema, withReferences } from './schemas.js';

/** By full name, the schema of every type that the operations at these paths take or give, with all they refer to. */
export function schemasOf(
  resources: readonly ServedResource[],
  paths: readonly PathOperations[],
  texts: FieldTexts,
  dialect: Dialect,
): Record<string, Schema> {
  const custom: Record<string, Schema> = {};
  for (const resource of resources.filter((each) => each.custom))
    Object.assign(custom, customSchemas(resource, texts, dialect));
  const needed = [...typesOfOperations(paths)].filter((typeName) => !custom[typeName]);
  if (Object.keys(custom).length > 0) needed.push(OBJECT_META, LIST_META);
  const builtIn = withReferences(needed).map((typeName) => [typeName, typeSchema(typeName, texts, dialect)]);
  return { ...Object.fromEntries(builtIn), ...custom };
}
