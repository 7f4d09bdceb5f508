import type { ServedResource } from '../../schema/resources.js';
import { OPENAPI_V2, type Schema } from './dialect.js';
import { schemasOf } from './document-schemas.js';
import type { FieldTexts } from './field-texts.js';
import { type Operation, operationsOf, type PathOperations } from './operations.js';
import { parameter } from './parameters.js';

function parameterV2(name: string): Schema {
  return { ...parameter(name), uniqueItems: true };
}

function operationV2({ id, action, kind, parameters, consumes, body, answer }: Operation): Schema {
  const bodyParameter = body && {
    in: 'body',
    name: 'body',
    required: action !== 'delete',
    schema: OPENAPI_V2.reference(body, {}),
  };
  return {
    consumes: action === 'patch' ? consumes : ['*/*'],
    produces: ['application/json', 'application/yaml'],
    schemes: ['https'],
    operationId: id,
    parameters: [...(bodyParameter ? [bodyParameter] : []), ...parameters.map(parameterV2)],
    responses: {
      200: { description: 'OK', schema: OPENAPI_V2.reference(answer, {}) },
      401: { description: 'Unauthorized' },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kind,
  };
}

function pathV2({ parameters, operations }: PathOperations): Schema {
  return {
    ...Object.fromEntries(operations.map((each) => [each.method, operationV2(each)])),
    parameters: parameters.map(parameterV2),
  };
}

/** The one OpenAPI 2.0 document of everything that is served (`/openapi/v2`). */
export function documentV2(
  resources: readonly ServedResource[],
  kubernetesVersion: string,
  texts: FieldTexts,
): Schema {
  const paths = resources.flatMap(operationsOf);
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: kubernetesVersion },
    paths: Object.fromEntries(paths.map((each) => [each.path, pathV2(each)])),
    definitions: schemasOf(resources, paths, texts, OPENAPI_V2),
    securityDefinitions: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    security: [{ BearerToken: [] }],
  };
}
