import { schemaOf } from '../custom-resources/decode-custom-object.js';
import { validateStructure } from '../custom-resources/structural-schema.js';
import type { Strategy } from './strategy.js';

/** Objects of a CustomResourceDefinition are what its schema says. */
export const customResources: Strategy = {
  validate(next, _, { core }) {
    const resource = core.catalogue.ofKind(next.apiVersion, next.kind);
    const schema = resource && schemaOf(resource);
    return schema ? validateStructure(next, schema) : [];
  },
};
