import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ConfigMap, Pod } from './api/core-v1.generated.js';
import type { Cluster, Credentials } from './cluster.js';
import { startCluster } from './start-cluster.js';

const ADMINISTRATOR = { user: 'kubernetes-admin', groups: ['system:masters'] };
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cluster-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const start = () => startCluster({ name: 'test', onlyControlPlane: true, dataDirectory: directory });

function call(socketPath: string, credentials: Credentials, method: string, path: string, body?: object) {
  const text = body && JSON.stringify(body);
  return new Promise<{ status: number; body: { [field: string]: unknown } }>((resolve, reject) => {
    const sent = request({
      socketPath,
      servername: 'kubernetes',
      method,
      path,
      agent: false,
      ca: credentials.certificateAuthority,
      cert: credentials.clientCertificate,
      key: credentials.clientKey,
      headers:
        text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let answer = '';
      response.on('data', (chunk) => {
        answer += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) }));
    });
    sent.end(text);
  });
}

async function withCluster(use: (cluster: Cluster, socketPath: string) => Promise<void>): Promise<void> {
  const cluster = await start();
  try {
    const socketPath = join(directory, 'api.sock');
    await cluster.listen({ socketPath });
    await use(cluster, socketPath);
  } finally {
    await cluster.close();
  }
}

it('is after a restart the same cluster, and trusts the same certificates', async () => {
  let credentials: Credentials | undefined;
  await withCluster(async (cluster, socketPath) => {
    credentials = await cluster.issueCredentials(ADMINISTRATOR);
    const body = { metadata: { name: 'kept' }, data: { a: 'b' } };
    const path = '/api/v1/namespaces/default/configmaps';
    expect((await call(socketPath, credentials, 'POST', path, body)).status).toBe(201);
    await cluster.advanceClock(3_600_000);
  });
  await withCluster(async (_, socketPath) => {
    if (!credentials) throw new Error('no credentials');
    const kept = await call(socketPath, credentials, 'GET', '/api/v1/namespaces/default/configmaps/kept');
    expect(kept.body['data']).toEqual({ a: 'b' });
    const made = await call(socketPath, credentials, 'POST', '/api/v1/namespaces', {
      metadata: { name: 'later' },
    });
    const { creationTimestamp } = made.body['metadata'] as { creationTimestamp: string };
    expect(Date.parse(creationTimestamp) - Date.now()).toBeGreaterThan(3_500_000);
  });
});

it('writes kubeconfigs for whom they are asked', async () => {
  await withCluster(async (cluster) => {
    const identity = { user: 'jane', groups: ['dev', 'ops'] };
    const config = parse(await cluster.kubeconfig(identity, 'https://127.0.0.1:6443'));
    expect(config).toMatchObject({
      'current-context': 'jane@test',
      clusters: [{ cluster: { server: 'https://127.0.0.1:6443' } }],
    });
    const certificate = new X509Certificate(
      Buffer.from(config.users[0].user['client-certificate-data'], 'base64'),
    );
    expect(certificate.subject.split('\n').sort()).toEqual(['CN=jane', 'O=dev', 'O=ops']);
  });
});

it('has its system pods running from the start, and starts them anew after a restart', async () => {
  const node = { name: 'one', controlPlane: true, cpu: '4', memory: '8Gi', pods: 110 };
  const startWithNode = () => startCluster({ name: 'test', nodes: [node], dataDirectory: directory });
  const containers = (cluster: Cluster) =>
    cluster.list<Pod>('pods').flatMap((pod) => pod.status?.containerStatuses ?? []);
  const first = await startWithNode();
  const uids = first.list('pods').map(({ metadata }) => metadata.uid);
  const { revision, ready } = { revision: latestVersion(first), ready: containers(first) };
  await first.advanceClock(5000);
  const ca = first.list<ConfigMap>('configmaps').find(({ metadata }) => metadata.name === 'kube-root-ca.crt');
  const { certificateAuthority } = await first.issueCredentials(ADMINISTRATOR);
  expect(ready.length).toBeGreaterThan(5);
  expect(ready.every((container) => container.ready && container.restartCount === 0)).toBe(true);
  expect(latestVersion(first)).toBe(revision);
  expect(ca?.data?.['ca.crt']).toBe(certificateAuthority);
  await first.close();

  const second = await startWithNode();
  await second.advanceClock(10_000);
  expect(second.list('pods').map(({ metadata }) => metadata.uid)).toEqual(uids);
  expect(containers(second).every((container) => container.ready && container.restartCount === 1)).toBe(true);
  await second.close();
});

/** Of what the pods and their owners became; heartbeats do not count. */
function latestVersion(cluster: Cluster): number {
  const resources = ['pods', 'nodes', 'deployments.apps', 'daemonsets.apps', 'events', 'configmaps'];
  const objects = resources.flatMap((resource) => cluster.list(resource));
  return Math.max(...objects.map(({ metadata }) => Number(metadata.resourceVersion)));
}
