import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ResourceCatalogue, type ServedResource } from '../../schema/resources.js';
import { openApiResponse } from './openapi.js';

/** As much of a document as these tests look at. */
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
  definitions: Record<string, Schema>;
  swagger?: string;
}

interface Operation {
  parameters: { name: string }[];
  requestBody: { content: object };
  'x-kubernetes-group-version-kind': object;
}

interface Schema {
  type?: string;
  allOf?: object[];
  properties?: Record<string, Schema>;
}

const NO_QUERY = new URLSearchParams();
const ask = (path: string, accept = '', catalogue = new ResourceCatalogue()) =>
  openApiResponse(path, NO_QUERY, accept, catalogue);
const askJson = (path: string, catalogue?: ResourceCatalogue) =>
  JSON.parse(String(ask(path, 'application/json', catalogue)?.body)) as Document;

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : referencesIn(inner),
  );
}

const boats: ServedResource = {
  name: 'boats.sea.example',
  group: 'sea.example',
  version: 'v1',
  apiVersion: 'sea.example/v1',
  plural: 'boats',
  singular: 'boat',
  kind: 'Boat',
  listKind: 'BoatList',
  namespaced: true,
  verbs: ['create', 'get', 'list', 'patch'],
  shortNames: [],
  categories: [],
  subresources: {},
  custom: true,
  definition: {
    name: 'v1',
    served: true,
    storage: true,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { length: { type: 'integer' } } } },
      },
    },
  },
};

describe('/openapi/v3', () => {
  const index: { paths: Record<string, { serverRelativeURL: string }> } = JSON.parse(
    String(ask('/openapi/v3')?.body),
  );

  test('leads to a document of every API version, at an address that names its content', () => {
    expect(Object.keys(index.paths)).toHaveLength(22);
    for (const [path, { serverRelativeURL }] of Object.entries(index.paths)) {
      const url = new URL(serverRelativeURL, 'http://localhost');
      expect(url.pathname).toBe(`/openapi/v3/${path}`);
      const answer = openApiResponse(url.pathname, url.searchParams, '', new ResourceCatalogue());
      expect(answer?.cacheControl).toBe('public, immutable');
      expect(answer?.etag).toBe(`"${url.searchParams.get('hash')}"`);
    }
  });

  test.each(Object.keys(index.paths))('%s refers to nothing it does not hold', (path) => {
    const document = askJson(`/openapi/v3/${path}`);
    const held = new Set(Object.keys(document.components.schemas));
    const missing = referencesIn(document).filter(
      (each) => !held.has(each.replace('#/components/schemas/', '')),
    );
    expect(missing).toEqual([]);
  });

  test('tells kubectl what it may send and how lists are merged', () => {
    const { paths, components } = askJson('/openapi/v3/apis/apps/v1');
    const patch = paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.['patch'];
    expect(patch?.['x-kubernetes-group-version-kind']).toEqual({
      group: 'apps',
      version: 'v1',
      kind: 'Deployment',
    });
    expect(patch?.parameters.map((each) => each.name)).toContain('fieldValidation');
    expect(Object.keys(patch?.requestBody.content ?? {})).toContain('application/strategic-merge-patch+json');
    expect(components.schemas['io.k8s.api.core.v1.PodSpec']?.properties?.['containers']).toMatchObject({
      type: 'array',
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-list-map-keys': ['name'],
    });
  });

  test('knows custom resources, with the schema of their definition', () => {
    const catalogue = new ResourceCatalogue();
    expect(ask('/openapi/v3/apis/sea.example/v1', '', catalogue)).toBeUndefined();
    catalogue.add(boats);
    const { paths, components } = askJson('/openapi/v3/apis/sea.example/v1', catalogue);
    const { spec, metadata } = components.schemas['example.sea.v1.Boat']?.properties ?? {};
    expect(spec?.properties?.['length']?.type).toBe('integer');
    expect(metadata?.allOf ?? [metadata]).toEqual([
      { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
    ]);
    const patch = paths['/apis/sea.example/v1/namespaces/{namespace}/boats/{name}']?.['patch'];
    expect(Object.keys(patch?.requestBody.content ?? {})).not.toContain(
      'application/strategic-merge-patch+json',
    );
  });

  test('is made once for all clusters', () => {
    expect(ask('/openapi/v3/api/v1')?.gzip).toBe(ask('/openapi/v3/api/v1')?.gzip);
  });
});

describe('/openapi/v2', () => {
  test('is one document that refers to nothing it does not hold', () => {
    const document = askJson('/openapi/v2');
    expect(document.swagger).toBe('2.0');
    const held = new Set(Object.keys(document.definitions));
    const missing = referencesIn(document).filter((each) => !held.has(each.replace('#/definitions/', '')));
    expect(missing).toEqual([]);
  });

  test('is protobuf for clients that ask for it', () => {
    const answer = ask('/openapi/v2', 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf');
    expect(answer?.contentType).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
    const fields = fieldsOf(gunzipSync(answer?.gzip ?? ''));
    expect(fields.find(([number]) => number === 1)?.[1].toString()).toBe('2.0');
    const definitions = fieldsOf(fields.find(([number]) => number === 9)?.[1] ?? Buffer.alloc(0));
    const names = definitions.map(([, entry]) => fieldsOf(entry)[0]?.[1].toString());
    expect(names).toContain('io.k8s.api.apps.v1.Deployment');
  });
});

/** The length-delimited fields of a message; the outer levels of the document have no others. */
function fieldsOf(message: Buffer): [fieldNumber: number, content: Buffer][] {
  const fields: [number, Buffer][] = [];
  let offset = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[offset++] ?? 0;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  while (offset < message.length) {
    const fieldNumber = varint() >> 3;
    const length = varint();
    fields.push([fieldNumber, message.subarray(offset, offset + length)]);
    offset += length;
  }
  return fields;
}
