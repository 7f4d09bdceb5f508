import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClusterReadError } from './cluster-read-error.js';
import { type ConnectedClusterReader, createClusterReader } from './cluster-reader.js';

/** An API server's answers by path; what is not here is 404. */
const ANSWERS: Record<string, { status: number; body: unknown }> = {
  '/cluster/apis/apps/v1': {
    status: 200,
    body: {
      resources: [
        { name: 'deployments', kind: 'Deployment', namespaced: true },
        { name: 'deployments/scale', kind: 'Scale', namespaced: true },
      ],
    },
  },
  '/cluster/api/v1': {
    status: 200,
    body: {
      resources: [
        { name: 'nodes', kind: 'Node', namespaced: false },
        { name: 'pods', kind: 'Pod', namespaced: true },
      ],
    },
  },
  '/cluster/apis/apps/v1/namespaces/shop/deployments/web': {
    status: 200,
    body: { metadata: { name: 'web' } },
  },
  '/cluster/api/v1/nodes/one': { status: 200, body: { metadata: { name: 'one' } } },
  '/cluster/api/v1/pods?limit=500&labelSelector=app%3Dweb': {
    status: 200,
    body: { apiVersion: 'v1', items: [{ metadata: { name: 'a' } }] },
  },
  '/cluster/api/v1/namespaces/default/pods?limit=500': {
    status: 403,
    body: { message: 'pods is forbidden' },
  },
  '/cluster/api/v1/namespaces/full/pods?limit=500': {
    status: 200,
    body: { apiVersion: 'v1', items: [], metadata: { continue: 'more' } },
  },
};

let server: Server;
let requests: string[];
let reader: ConnectedClusterReader;

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const allowed = request.headers['x-ticket'] === 'grader';
    const { status, body } = ANSWERS[allowed ? (request.url ?? '') : ''] ?? {
      status: 404,
      body: { message: 'nothing' },
    };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  reader = createClusterReader({
    origin: `http://127.0.0.1:${port}`,
    pathPrefix: '/cluster',
    headers: { 'x-ticket': 'grader' },
  });
});
afterEach(async () => {
  reader.close();
  await new Promise((resolve) => server.close(resolve));
});

const WEB = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };

describe('a connected reader', () => {
  it('finds the plural of a kind and asks for it once', async () => {
    expect(await reader.get(WEB)).toEqual({ metadata: { name: 'web' } });
    expect(await reader.get({ ...WEB, name: 'api' })).toBeUndefined();
    expect(requests.filter((path) => path === '/cluster/apis/apps/v1')).toHaveLength(1);
  });

  it('leaves the namespace out for kinds that have none', async () => {
    expect(await reader.get({ apiVersion: 'v1', kind: 'Node', name: 'one' })).toBeDefined();
  });

  it('lists all namespaces with a selector, items complete with kind and version', async () => {
    expect(await reader.list({ apiVersion: 'v1', kind: 'Pod', namespace: '*' }, 'app=web')).toEqual([
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } },
    ]);
  });

  it('takes a kind that the cluster does not serve as one without objects', async () => {
    expect(await reader.list({ apiVersion: 'example.org/v1', kind: 'Boat' })).toEqual([]);
    expect(await reader.get({ apiVersion: 'apps/v1', kind: 'Boat', name: 'a' })).toBeUndefined();
  });

  it('says what the cluster said when it refuses, and when there is too much', async () => {
    await expect(reader.list({ apiVersion: 'v1', kind: 'Pod' })).rejects.toThrow('403 (pods is forbidden)');
    await expect(reader.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'full' })).rejects.toThrow(
      'more than 500',
    );
  });

  it('cannot read a cluster that is not there', async () => {
    const nobody = createClusterReader({ origin: 'https://127.0.0.1:1' });
    await expect(nobody.get(WEB)).rejects.toBeInstanceOf(ClusterReadError);
    nobody.close();
  });
});
