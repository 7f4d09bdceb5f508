// What a simulated cluster costs the process that it lives in: time, processor and heap, empty and with a thousand pods.
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { root } from '../scripts/setup.mjs';
import { percentile } from './figures.mjs';

const CLUSTERS = 50;
const PODS = 1000;
const MIB = 2 ** 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

function heapMiB() {
  collectGarbage();
  return process.memoryUsage().heapUsed / MIB;
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function measureEmpty(start, figures) {
  const clusters = await Promise.all(Array.from({ length: 15 }, start));
  const heapBefore = heapMiB();
  const cpuBefore = cpuMs();
  const samples = [];
  for (let count = 0; count < CLUSTERS; count++) {
    const from = performance.now();
    clusters.push(await start());
    samples.push(performance.now() - from);
  }
  await sleep(1000);
  figures.add(`cluster: start to serving, p50 of ${CLUSTERS}`, percentile(samples, 0.5), 'ms');
  figures.add('cluster: processor time to start', (cpuMs() - cpuBefore) / CLUSTERS, 'ms', { target: '< 25' });
  figures.add('cluster: heap, system pods running', (heapMiB() - heapBefore) / CLUSTERS, 'MiB');
  await Promise.all(clusters.map((cluster) => cluster.close()));
}

async function createDeployment(cluster) {
  const { port } = await cluster.listen({ host: '127.0.0.1', port: 0 });
  const credentials = await cluster.issueCredentials({ user: 'bench', groups: ['system:masters'] });
  const labels = { app: 'bench' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx:1.27' }] } };
  const body = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'bench' },
    spec: { replicas: PODS, selector: { matchLabels: labels }, template },
  };
  const tls = {
    ca: credentials.certificateAuthority,
    cert: credentials.clientCertificate,
    key: credentials.clientKey,
  };
  const url = `https://127.0.0.1:${port}/apis/apps/v1/namespaces/default/deployments`;
  const headers = { 'content-type': 'application/json' };
  const response = await new Promise((resolve, reject) => {
    const sent = request(url, { ...tls, method: 'POST', headers, agent: false }, resolve);
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
  response.resume();
  if (response.statusCode !== 201) throw new Error(`the Deployment was answered with ${response.statusCode}`);
}

async function measurePods(startCluster, figures) {
  const node = (name, controlPlane) => ({ name, controlPlane, cpu: '64', memory: '256Gi', pods: 2 * PODS });
  const nodes = [node('seatrial-control-plane', true), node('seatrial-worker', false)];
  const cluster = await startCluster({ name: 'seatrial', nodes });
  const heapBefore = heapMiB();
  await createDeployment(cluster);
  const isRunning = (pod) => pod.status.phase === 'Running';
  const deadline = performance.now() + 120_000;
  while (cluster.list('pods', 'default').filter(isRunning).length < PODS) {
    if (performance.now() > deadline) throw new Error('the pods did not come up');
    await sleep(200);
  }
  figures.add(`cluster: heap of ${PODS} running pods`, heapMiB() - heapBefore, 'MiB');
  await cluster.close();
}

export async function run(figures) {
  const { startCluster } = await import(join(root, 'dist/simulator/start-cluster.js'));
  const directory = mkdtempSync(join(tmpdir(), 'seatrial-bench-'));
  let count = 0;
  const start = async () => {
    const own = join(directory, String(count++));
    const cluster = await startCluster({ name: 'seatrial', dataDirectory: own });
    await cluster.listen({ socketPath: join(own, 'api.sock') });
    return cluster;
  };
  try {
    await measureEmpty(start, figures);
    await measurePods(startCluster, figures);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
