import type { ServedResource } from '../../schema/resources.js';
import { OPENAPI_V3, type Schema } from './dialect.js';
import { schemasOf } from './document-schemas.js';
import type { FieldTexts } from './field-texts.js';
import { type Operation, operationsOf, type PathOperations } from './operations.js';
import { parameter } from './parameters.js';

function parameterV3(name: string): Schema {
  const { type, ...rest } = parameter(name);
  return { ...rest, schema: { type, uniqueItems: true } };
}

function contentV3(mediaTypes: readonly string[], typeName: string): Schema {
  const schema = OPENAPI_V3.reference(typeName, {});
  return Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema }]));
}

function operationV3({ id, action, kind, parameters, consumes, body, answer }: Operation): Schema {
  const success = { description: 'OK', content: contentV3(['application/json', 'application/yaml'], answer) };
  return {
    operationId: id,
    parameters: parameters.map(parameterV3),
    ...(body && { requestBody: { content: contentV3(consumes, body), required: action !== 'delete' } }),
    responses: { 200: success, 401: { description: 'Unauthorized' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kind,
  };
}

function pathV3({ parameters, operations }: PathOperations): Schema {
  return {
    ...Object.fromEntries(operations.map((each) => [each.method, operationV3(each)])),
    parameters: parameters.map(parameterV3),
  };
}

/**
 * The OpenAPI 3.0 document of one API version (`/openapi/v3/apis/apps/v1`): its paths, and the schemas of its types with
 * all they refer to. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3
 */
export function documentV3(
  resources: readonly ServedResource[],
  kubernetesVersion: string,
  texts: FieldTexts,
): Schema {
  const paths = resources.flatMap(operationsOf);
  const schemas = schemasOf(resources, paths, texts, OPENAPI_V3);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: kubernetesVersion },
    paths: Object.fromEntries(paths.map((each) => [each.path, pathV3(each)])),
    components: {
      schemas,
      securitySchemes: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    },
    security: [{ BearerToken: [] }],
  };
}
