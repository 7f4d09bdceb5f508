import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ResourceCatalogue, type ServedResource } from '../../schema/resources.js';
import { discoveryResponse } from './discovery.js';
import { compareVersions } from './served-groups.js';

const CONTEXT = { serverAddress: '127.0.0.1:6443', kubernetesVersion: 'v1.36.2' };
const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const V2BETA1 = V2.replace('v=v2', 'v=v2beta1');

const ask = (path: string, accept = 'application/json', catalogue = new ResourceCatalogue()) =>
  discoveryResponse(path, accept, catalogue, CONTEXT);
const askJson = (...parameters: Parameters<typeof ask>) => JSON.parse(ask(...parameters)?.body ?? 'null');

function boat(version: string): ServedResource {
  return {
    name: 'boats.sea.example',
    group: 'sea.example',
    version,
    apiVersion: `sea.example/${version}`,
    plural: 'boats',
    singular: 'boat',
    kind: 'Boat',
    listKind: 'BoatList',
    namespaced: true,
    verbs: ['get', 'list'],
    shortNames: ['bt'],
    categories: [],
    subresources: { scale: { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get'] } },
    custom: true,
  };
}

test('versions are ordered as Kubernetes prefers them', () => {
  const preferred = [
    'v10',
    'v2',
    'v1',
    'v11beta2',
    'v10beta3',
    'v3beta1',
    'v12alpha1',
    'v11alpha2',
    'foo1',
    'foo10',
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(preferred), (some) => {
      const expected = preferred.filter((version) => some.includes(version));
      expect([...some].sort(compareVersions)).toEqual(expected);
    }),
  );
});

describe('aggregated discovery', () => {
  test('answers the first form that the client accepts, and echoes its type', () => {
    expect(ask('/apis', `${V2},${V2BETA1},application/json`)?.contentType).toBe(V2);
    expect(ask('/apis', `${V2BETA1},application/json`)?.contentType).toBe(V2BETA1);
    expect(ask('/apis', `application/json,${V2}`)?.contentType).toBe('application/json');
    expect(askJson('/api', V2BETA1).apiVersion).toBe('apidiscovery.k8s.io/v2beta1');
  });

  test('names every resource with its subresources', () => {
    const [core] = askJson('/api', V2).items;
    const pods = core.versions[0].resources.find((each: { resource: string }) => each.resource === 'pods');
    expect(pods).toMatchObject({ scope: 'Namespaced', singularResource: 'pod', shortNames: ['po'] });
    expect(pods.subresources).toContainEqual({
      subresource: 'eviction',
      responseKind: { group: 'policy', version: 'v1', kind: 'Eviction' },
      verbs: ['create'],
    });
    const groups = askJson('/apis', V2).items.map(
      (item: { metadata: { name: string } }) => item.metadata.name,
    );
    expect(groups.slice(0, 2)).toEqual(['apiregistration.k8s.io', 'apps']);
    expect(groups).toHaveLength(20);
  });

  test('has an entity tag that changes with the catalogue', () => {
    const catalogue = new ResourceCatalogue();
    const before = ask('/apis', V2, catalogue)?.etag;
    expect(ask('/apis', V2, new ResourceCatalogue())?.etag).toBe(before);
    catalogue.add(boat('v1'));
    expect(ask('/apis', V2, catalogue)?.etag).not.toBe(before);
    catalogue.remove('boats.sea.example');
    expect(ask('/apis', V2, catalogue)?.etag).toBe(before);
  });
});

describe('plain discovery', () => {
  test('lists the versions of a group, the preferred one first', () => {
    const group = askJson('/apis/autoscaling');
    expect(group.preferredVersion.version).toBe('v2');
    expect(group.versions.map((each: { version: string }) => each.version)).toEqual(['v2', 'v1']);
  });

  test('lists resources and subresources', () => {
    const { resources } = askJson('/apis/apps/v1');
    expect(resources).toContainEqual({
      name: 'deployments/scale',
      singularName: '',
      namespaced: true,
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      verbs: ['get', 'patch', 'update'],
    });
  });

  test('knows custom resources as soon as they are served', () => {
    const catalogue = new ResourceCatalogue();
    expect(ask('/apis/sea.example', '', catalogue)).toBeUndefined();
    catalogue.add(boat('v1beta1'));
    catalogue.add(boat('v1'));
    expect(askJson('/apis/sea.example', '', catalogue).preferredVersion.version).toBe('v1');
    expect(askJson('/apis/sea.example/v1', '', catalogue).resources).toHaveLength(2);
  });

  test.each([
    '/apis/nothing',
    '/apis/apps/v2',
    '/api/v2',
    '/api/v1/pods',
    '/apis/apps/v1/deployments',
    '/favicon.ico',
  ])('%s is no document', (path) => {
    expect(ask(path)).toBeUndefined();
  });
});

describe('the server itself', () => {
  test('its version', () => {
    expect(askJson('/version')).toMatchObject({ major: '1', minor: '36', gitVersion: 'v1.36.2' });
  });

  test('its health', () => {
    expect(ask('/livez')?.body).toBe('ok');
    expect(ask('/readyz/etcd')?.body).toBe('ok');
    expect(ask('/readyz/nothing')).toBeUndefined();
    const lines = ask('/readyz?verbose&exclude=log')?.body.split('\n') ?? [];
    expect(lines).toContain('[+]ping ok');
    expect(lines).toContain('[+]log excluded: ok');
    expect(lines.slice(-2)).toEqual(['readyz check passed', '']);
  });

  test('its paths', () => {
    const { paths } = askJson('/');
    expect(paths).toContain('/apis/apps/v1');
    expect(paths).toContain('/openapi/v3');
    expect(paths).toContain('/healthz/ping');
  });
});
