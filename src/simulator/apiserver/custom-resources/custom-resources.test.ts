import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer } from '../testing/test-server.js';

let server: Awaited<ReturnType<typeof startTestServer>>;
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const BOATS = '/apis/sea.example/v1/namespaces/default/boats';

const definition = {
  metadata: { name: 'boats.sea.example' },
  spec: {
    group: 'sea.example',
    names: { plural: 'boats', kind: 'Boat' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.crew', statusReplicasPath: '.status.crew' },
        },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['length'],
                properties: {
                  length: { type: 'integer', minimum: 1 },
                  harbour: { type: 'string', enum: ['home', 'away'], default: 'home' },
                  crew: { type: 'integer' },
                },
              },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
};

const boat = (name: string, spec: object) => ({
  apiVersion: 'sea.example/v1',
  kind: 'Boat',
  metadata: { name },
  spec,
});
const launch = (name: string, spec: object, query = '') =>
  server.call(BOATS + query, { method: 'POST', body: boat(name, spec) });

beforeAll(async () => {
  server = await startTestServer();
  const { body } = await server.call(DEFINITIONS, { method: 'POST', body: definition });
  expect(body.status.conditions).toContainEqual(
    expect.objectContaining({ type: 'Established', status: 'True' }),
  );
});
afterAll(() => server.close());

it('is served and discovered at once', async () => {
  const { body } = await server.call('/apis/sea.example/v1');
  expect(body.resources.map(({ name }: { name: string }) => name)).toEqual(
    expect.arrayContaining(['boats', 'boats/status', 'boats/scale']),
  );
  expect((await server.call(BOATS)).body.kind).toBe('BoatList');
});

it('prunes and defaults', async () => {
  const { body, headers } = await launch('ferry', { length: 10, colour: 'red' });
  expect(body.spec).toEqual({ length: 10, harbour: 'home' });
  expect(headers['warning']).toContain('unknown field \\"spec.colour\\"');
  const strict = await launch('strict', { length: 10, colour: 'red' }, '?fieldValidation=Strict');
  expect(strict.body.message).toBe(
    'Boat in version "v1" cannot be handled as a Boat: strict decoding error: unknown field "spec.colour"',
  );
});

it.each([
  [{}, 'spec.length: Required value'],
  [{ length: 0 }, 'spec.length: Invalid value: 0: spec.length in body should be greater than or equal to 1'],
  [
    { length: 'long' },
    'spec.length: Invalid value: "string": spec.length in body must be of type integer: "string"',
  ],
  [
    { length: 1, harbour: 'lost' },
    'spec.harbour: Unsupported value: "lost": supported values: "home", "away"',
  ],
])('refuses %o', async (spec, problem) => {
  const { body } = await launch('wrong', spec);
  expect(body).toMatchObject({ code: 422, message: `Boat.sea.example "wrong" is invalid: ${problem}` });
});

it('scales where its definition says', async () => {
  await launch('scaled', { length: 3, crew: 2 });
  const scale = await server.call(`${BOATS}/scaled/scale`);
  expect(scale.body.spec).toEqual({ replicas: 2 });
  await server.call(`${BOATS}/scaled/scale`, {
    method: 'PUT',
    body: { ...scale.body, spec: { replicas: 5 } },
  });
  expect((await server.call(`${BOATS}/scaled`)).body).toMatchObject({
    metadata: { generation: 2 },
    spec: { crew: 5 },
  });
});

it('goes with its objects', async () => {
  await server.call(`${DEFINITIONS}/boats.sea.example`, { method: 'DELETE' });
  await expect.poll(() => server.store.count('boats.sea.example')).toBe(0);
  await expect.poll(async () => (await server.call(BOATS)).status).toBe(404);
});
