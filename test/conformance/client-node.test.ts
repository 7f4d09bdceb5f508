import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import {
  AppsV1Api,
  CoreV1Api,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Pod,
  type V1Status,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Cluster } from '../../src/simulator/cluster.js';
import { startCluster } from '../../src/simulator/start-cluster.js';

let cluster: Cluster;
const config = new KubeConfig();

beforeAll(async () => {
  cluster = await startCluster({ name: 'seatrial' });
  const address = await cluster.listen({ host: '127.0.0.1', port: 0 });
  if (!('port' in address)) throw new Error('not a TCP address');
  const administrator = { user: 'kubernetes-admin', groups: ['kubeadm:cluster-admins'] };
  config.loadFromString(await cluster.kubeconfig(administrator, `https://127.0.0.1:${address.port}`));
});
afterAll(() => cluster.close());

const namespace = 'default';
const text = (stream: PassThrough) => {
  let received = '';
  stream.on('data', (chunk: Buffer) => {
    received += chunk.toString();
  });
  return () => received;
};

test('an informer sees a pod come, become ready, change and go', async () => {
  const core = config.makeApiClient(CoreV1Api);
  const seen: string[] = [];
  const informer = makeInformer<V1Pod>(
    config,
    `/api/v1/namespaces/${namespace}/pods`,
    () => core.listNamespacedPod({ namespace, labelSelector: 'app=seen' }),
    'app=seen',
  );
  informer.on('add', (pod) => seen.push(`add ${pod.metadata?.name}`));
  informer.on('update', (pod) => {
    if (pod.metadata?.labels?.['tier'] === 'front') seen.push('labelled');
  });
  informer.on('delete', (pod) => seen.push(`delete ${pod.metadata?.name}`));
  await informer.start();
  await core.createNamespacedPod({
    namespace,
    body: {
      metadata: { name: 'seen', labels: { app: 'seen' } },
      spec: { containers: [{ name: 'c', image: 'busybox:1.36', command: ['sleep', '3600'] }] },
    },
  });
  await expect
    .poll(() => informer.get('seen', namespace)?.status?.phase, { timeout: 20_000 })
    .toBe('Running');
  await core.patchNamespacedPod(
    { name: 'seen', namespace, body: { metadata: { labels: { tier: 'front' } } } },
    setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
  );
  await expect.poll(() => seen).toContain('labelled');

  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [output, errors] = [text(stdout), text(stderr)];
  const status = await new Promise<V1Status>((resolve, reject) => {
    const command = ['sh', '-c', 'echo out; echo err >&2; exit 3'];
    new Exec(config)
      .exec(namespace, 'seen', 'c', command, stdout, stderr, null, false, resolve)
      .catch(reject);
  });
  expect(status).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode' });
  expect([output(), errors()]).toEqual(['out\n', 'err\n']);

  await core.deleteNamespacedPod({ name: 'seen', namespace, gracePeriodSeconds: 0 });
  await expect.poll(() => seen.at(-1)).toBe('delete seen');
  await informer.stop();
});

test('every kind of patch is understood', async () => {
  const apps = config.makeApiClient(AppsV1Api);
  const name = 'patched';
  const labels = { app: name };
  await apps.createNamespacedDeployment({
    namespace,
    body: {
      metadata: { name },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'nginx:1.25' }] } },
      },
    },
  });
  const patch = (body: object, strategy: PatchStrategy) =>
    apps.patchNamespacedDeployment({ name, namespace, body }, setHeaderOptions('Content-Type', strategy));
  await patch([{ op: 'replace', path: '/spec/replicas', value: 2 }], PatchStrategy.JsonPatch);
  await patch({ spec: { paused: true } }, PatchStrategy.MergePatch);
  const side = { name: 'side', image: 'busybox:1.36' };
  const patched = await patch(
    { spec: { template: { spec: { containers: [side] } } } },
    PatchStrategy.StrategicMergePatch,
  );
  expect(patched.spec).toMatchObject({ replicas: 2, paused: true });
  expect(patched.spec?.template.spec?.containers.map((each) => each.name)).toEqual(['side', 'c']);

  const applied = await KubernetesObjectApi.makeApiClient(config).patch<V1ConfigMap>(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied', namespace }, data: { a: '1' } },
    undefined,
    undefined,
    'tester',
    true,
    PatchStrategy.ServerSideApply,
  );
  expect(applied.metadata?.managedFields?.[0]).toMatchObject({ manager: 'tester', operation: 'Apply' });
  await apps.deleteNamespacedDeployment({ name, namespace });
});

test('a log is followed to its end', async () => {
  const core = config.makeApiClient(CoreV1Api);
  const command = ['sh', '-c', 'for i in 1 2 3; do echo $i; sleep 0.2; done'];
  await core.createNamespacedPod({
    namespace,
    body: {
      metadata: { name: 'counts' },
      spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox:1.36', command }] },
    },
  });
  const phase = async () => (await core.readNamespacedPod({ name: 'counts', namespace })).status?.phase;
  await expect.poll(phase, { timeout: 20_000 }).not.toBe('Pending');
  const stream = new PassThrough();
  const log = text(stream);
  await new Log(config).log(namespace, 'counts', 'c', stream, { follow: true });
  await finished(stream, { writable: false });
  expect(log()).toBe('1\n2\n3\n');
});
