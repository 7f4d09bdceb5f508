// The simulated API server over HTTPS: writes, reads, patches, lists and watches on 16 kept-alive connections. The server is
// a process of its own, so that its clients' work is not counted as its own.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../scripts/setup.mjs';
import { percentile } from './figures.mjs';

const CONNECTIONS = 16;
const REQUESTS = 3000;
const PODS = 1000;
const LISTS = 60;
const WATCHERS = 50;

// Of a real kube-apiserver, to compare with; not measured here.
const REAL = {
  createConfigMap: 600,
  get: 1100,
  patch: 700,
  createPod: 540,
  list: 24,
  table: 100,
  watchMs: 10,
};

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const PODS_PATH = '/api/v1/namespaces/default/pods';

/** Resolves to {call, open, stop}: one request, a request whose body goes on, and the end of the server. */
export async function startApiServer() {
  const directory = mkdtempSync(join(tmpdir(), 'seatrial-bench-'));
  const kubeconfig = join(directory, 'kubeconfig');
  const args = ['dist/cli/main.js', 'cluster', '--only-control-plane', '--kubeconfig', kubeconfig];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = new Promise((resolve) => child.on('exit', resolve));
  await Promise.race([
    new Promise((resolve) => child.stdout.once('data', resolve)),
    exited.then(() => Promise.reject(new Error('the cluster did not start'))),
  ]);
  const config = parse(readFileSync(kubeconfig, 'utf8'));
  const { cluster } = config.clusters[0];
  const { user } = config.users[0];
  const decode = (text) => Buffer.from(text, 'base64');
  const tls = {
    ca: decode(cluster['certificate-authority-data']),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  };
  const agent = new Agent({ ...tls, keepAlive: true, maxSockets: CONNECTIONS });
  const send = (options, path, headers, body) =>
    new Promise((resolve, reject) => {
      const sent = request(new URL(path, cluster.server), { ...options, headers }, resolve);
      sent.on('error', reject);
      sent.end(body);
    });
  return {
    async call(method, path, body, contentType = 'application/json', accept = 'application/json') {
      const text = body && JSON.stringify(body);
      const headers = { accept, ...(text && { 'content-type': contentType, 'content-length': text.length }) };
      const response = await send({ method, agent }, path, headers, text);
      let bytes = 0;
      for await (const chunk of response) bytes += chunk.length;
      if (response.statusCode >= 300) throw new Error(`${method} ${path}: ${response.statusCode}`);
      return bytes;
    },
    open: (path) => send({ method: 'GET', agent: new Agent(tls) }, path, {}),
    async stop() {
      agent.destroy();
      child.kill('SIGTERM');
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Calls `once(0)` … `once(count - 1)` on all connections; resolves to how many were done in a second. */
async function perSecond(count, once) {
  let next = 0;
  const worker = async () => {
    while (next < count) await once(next++);
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  return count / ((performance.now() - from) / 1000);
}

const configMap = (name) => ({ metadata: { name }, data: { key: 'value', other: 'x'.repeat(100) } });
const pod = (name) => ({
  metadata: { name, labels: { app: 'bench' } },
  spec: { containers: [{ name: 'web', image: 'nginx:1.27', ports: [{ containerPort: 80 }] }] },
});

/** Milliseconds from the start of a write until the last of the watchers has been told. */
async function measureWatch(api) {
  const streams = await Promise.all(
    Array.from({ length: WATCHERS }, () => api.open('/api/v1/namespaces/kube-public/configmaps?watch=1')),
  );
  const samples = [];
  for (let round = 0; round < 30; round++) {
    const name = `watched-${round}`;
    const told = streams.map(
      (stream) =>
        new Promise((resolve) => {
          const look = (chunk) => {
            if (!chunk.includes(`"${name}"`)) return;
            stream.off('data', look);
            resolve();
          };
          stream.on('data', look);
        }),
    );
    const from = performance.now();
    await api.call('POST', '/api/v1/namespaces/kube-public/configmaps', configMap(name));
    await Promise.all(told);
    samples.push(performance.now() - from);
  }
  for (const stream of streams) stream.destroy();
  return percentile(samples, 0.5);
}

export async function run(figures) {
  const api = await startApiServer();
  const add = (name, value, real, target) =>
    figures.add(`API: ${name}`, value, '/s', {
      ...(target && { target }),
      instead: `kube-apiserver ${real}/s`,
    });
  try {
    await perSecond(500, (n) => api.call('POST', CONFIG_MAPS, configMap(`warm-${n}`)));
    add(
      'create ConfigMap',
      await perSecond(REQUESTS, (n) => api.call('POST', CONFIG_MAPS, configMap(`c-${n}`))),
      REAL.createConfigMap,
      '> 1800',
    );
    add(
      'get ConfigMap',
      await perSecond(REQUESTS, (n) => api.call('GET', `${CONFIG_MAPS}/c-${n}`)),
      REAL.get,
    );
    const patch = (n) => ({ data: { key: `patched-${n}` } });
    add(
      'merge-patch ConfigMap',
      await perSecond(REQUESTS, (n) =>
        api.call('PATCH', `${CONFIG_MAPS}/c-${n}`, patch(n), 'application/merge-patch+json'),
      ),
      REAL.patch,
    );
    add(
      'create Pod',
      await perSecond(PODS, (n) => api.call('POST', PODS_PATH, pod(`p-${n}`))),
      REAL.createPod,
      '> 1620',
    );
    add(`list of ${PODS} pods`, await perSecond(LISTS, () => api.call('GET', PODS_PATH)), REAL.list);
    add(
      'Table of 500 pods',
      await perSecond(LISTS * 4, () =>
        api.call('GET', `${PODS_PATH}?limit=500`, undefined, undefined, TABLE),
      ),
      REAL.table,
      '> 300',
    );
    figures.add(`API: event at ${WATCHERS} watchers, p50 of 30`, await measureWatch(api), 'ms', {
      instead: `kube-apiserver ${REAL.watchMs} ms`,
    });
  } finally {
    await api.stop();
  }
}
