import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Node } from '../api/core-v1.generated.js';
import { TestCluster } from './testing/test-cluster.js';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster.stop());

const busybox = (script: string) => ({ name: 'c', image: 'busybox:1.36', command: ['sh', '-c', script] });
const phase = (name: string) => cluster.pod(name)?.status?.phase;
const waiting = (name: string) => cluster.container(name)?.state?.waiting;
const isReady = (name: string) =>
  cluster.pod(name)?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ??
  false;

test('a node registers as Ready, with a lease that is renewed', async () => {
  const [node] = cluster.client.list<Node>('nodes');
  expect(node?.status?.conditions?.find(({ type }) => type === 'Ready')?.reason).toBe('KubeletReady');
  const renewTime = () =>
    cluster.client.get<{ spec: { renewTime: string } } & Node>(
      'leases.coordination.k8s.io',
      'kube-node-lease',
      'one',
    )?.spec.renewTime;
  const before = renewTime();
  await cluster.clock.advance(11_000);
  expect(renewTime()).not.toBe(before);
});

test('a pod is pulled, started, served, read and deleted', async () => {
  await cluster.create('web', { containers: [{ name: 'nginx', image: 'nginx:1.25' }] });
  await cluster.until(() => isReady('web'));
  expect(cluster.events('web').map((event) => event.replace(/ in .*/, ''))).toEqual([
    'Pulling: Pulling image "nginx:1.25"',
    'Pulled: Successfully pulled image "nginx:1.25"',
    'Created: Container created',
    'Started: Container started',
  ]);
  expect(cluster.container('web')).toMatchObject({ ready: true, started: true, restartCount: 0 });
  const answer = await cluster.exec('web', ['curl', '-s', 'localhost']);
  expect(answer.stdout).toContain('Welcome to nginx!');
  expect(await cluster.logs('web')).toContain('"GET / HTTP/1.1" 200 615');
  await cluster.client.delete('pods', 'default', 'web');
  await cluster.until(() => cluster.pod('web') === undefined, 2);
  expect(cluster.events('web')).toContain('Killing: Stopping container nginx');
});

test('a command that ends decides the phase, and its log stays', async () => {
  await cluster.create('job', { restartPolicy: 'Never', containers: [busybox('echo oops >&2; exit 7')] });
  await cluster.until(() => phase('job') === 'Failed');
  expect(cluster.container('job')?.state?.terminated).toMatchObject({ exitCode: 7, reason: 'Error' });
  expect(await cluster.logs('job')).toBe('oops\n');
});

test('a failing container is restarted at once, then ever later, and shows CrashLoopBackOff meanwhile', async () => {
  await cluster.create('crash', { containers: [busybox('echo starting; exit 42')] });
  const restarts = () => cluster.container('crash')?.restartCount ?? 0;
  const times: number[] = [];
  for (const count of [1, 2, 3]) {
    await cluster.until(() => restarts() === count, 60);
    times.push(cluster.clock.now());
  }
  await cluster.until(() => waiting('crash')?.reason === 'CrashLoopBackOff');
  expect(waiting('crash')?.message).toMatch(
    /^back-off 40s restarting failed container=c pod=crash_default\(/,
  );
  const [first = 0, second = 0, third = 0] = times;
  expect(second - first).toBeGreaterThanOrEqual(10_000);
  expect(third - second).toBeGreaterThanOrEqual(20_000);
  expect(third - second).toBeLessThan(25_000);
  expect(await cluster.logs('crash', true)).toBe('starting\n');
});

test('an image that does not exist is ErrImagePull, then ImagePullBackOff', async () => {
  await cluster.create('nope', { containers: [{ name: 'c', image: 'nginx:nosuch' }] });
  await cluster.until(() => waiting('nope')?.reason === 'ErrImagePull');
  expect(waiting('nope')?.message).toContain('docker.io/library/nginx:nosuch: not found');
  await cluster.until(() => waiting('nope')?.reason === 'ImagePullBackOff');
  expect(waiting('nope')?.message).toMatch(/^Back-off pulling image "nginx:nosuch": ErrImagePull: /);
  await expect(cluster.logs('nope')).rejects.toThrow(
    'container "c" in pod "nope" is waiting to start: trying and failing to pull image',
  );
});

test('a missing ConfigMap keeps a container from being created until it is there', async () => {
  const envFrom = [{ configMapRef: { name: 'late' } }];
  await cluster.create('late', { containers: [{ ...busybox('sleep 3600'), envFrom }] });
  await cluster.until(() => waiting('late')?.reason === 'CreateContainerConfigError');
  expect(waiting('late')?.message).toBe('configmap "late" not found');
  await cluster.client.create('configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'late', namespace: 'default' },
    data: { K: 'V' },
  } as never);
  await cluster.until(() => isReady('late'));
  expect((await cluster.exec('late', ['sh', '-c', 'echo $K'])).stdout).toBe('V\n');
});

test('mounted ConfigMaps follow their source', async () => {
  const map = (value: string) => ({ data: { key: value } });
  await cluster.client.create('configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'shown', namespace: 'default' },
    ...map('one'),
  } as never);
  await cluster.create('shown', {
    containers: [{ ...busybox('sleep 3600'), volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
    volumes: [{ name: 'v', configMap: { name: 'shown' } }],
  });
  await cluster.until(() => isReady('shown'));
  expect((await cluster.exec('shown', ['cat', '/v/key'])).stdout).toBe('one');
  await cluster.client.mergePatch('configmaps', 'default', 'shown', map('two'));
  expect((await cluster.exec('shown', ['cat', '/v/key'])).stdout).toBe('two');
});

test('init containers run one after the other and leave their files', async () => {
  const volumeMounts = [{ name: 'work', mountPath: '/work' }];
  await cluster.create('init', {
    initContainers: [
      { ...busybox('echo a > /work/list'), name: 'first', volumeMounts },
      { ...busybox('echo b >> /work/list'), name: 'second', volumeMounts },
    ],
    containers: [{ ...busybox('cat /work/list; sleep 3600'), volumeMounts }],
    volumes: [{ name: 'work', emptyDir: {} }],
  });
  await cluster.until(() => isReady('init'));
  expect(await cluster.logs('init')).toBe('a\nb\n');
  expect(
    cluster.pod('init')?.status?.initContainerStatuses?.map((each) => each.state?.terminated?.reason),
  ).toEqual(['Completed', 'Completed']);
});

describe('probes', () => {
  test('readiness keeps a pod from being Ready, and says why', async () => {
    const readinessProbe = { httpGet: { path: '/missing', port: 80 }, periodSeconds: 2, failureThreshold: 1 };
    await cluster.create('unready', { containers: [{ name: 'c', image: 'nginx:1.25', readinessProbe }] });
    await cluster.until(() => cluster.events('unready').some((event) => event.startsWith('Unhealthy')));
    expect(cluster.events('unready')).toContain(
      'Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 404',
    );
    expect(isReady('unready')).toBe(false);
  });

  test('liveness restarts a container', async () => {
    const livenessProbe = { exec: { command: ['cat', '/tmp/alive'] }, periodSeconds: 2, failureThreshold: 2 };
    const script = 'touch /tmp/alive; sleep 5; rm /tmp/alive; sleep 600';
    await cluster.create('live', {
      terminationGracePeriodSeconds: 1,
      containers: [{ ...busybox(script), livenessProbe }],
    });
    await cluster.until(() => cluster.container('live')?.restartCount === 1);
    expect(cluster.events('live')).toContain('Killing: Container c failed liveness probe, will be restarted');
    expect(cluster.container('live')?.lastState?.terminated?.exitCode).toBe(137);
  });
});

describe('termination', () => {
  test('a first process without a handler ignores SIGTERM and is killed after the grace period', async () => {
    await cluster.create('deaf', { terminationGracePeriodSeconds: 5, containers: [busybox('sleep 3600')] });
    await cluster.until(() => isReady('deaf'));
    const askedAt = cluster.clock.now();
    await cluster.client.delete('pods', 'default', 'deaf');
    await cluster.until(() => cluster.pod('deaf') === undefined);
    expect(cluster.clock.now() - askedAt).toBeGreaterThanOrEqual(5000);
  });

  test('a trap runs and ends the container early', async () => {
    const script = "trap 'echo bye; exit 0' TERM; while true; do sleep 1; done";
    await cluster.create('polite', { containers: [busybox(script)] });
    await cluster.until(() => isReady('polite'));
    const askedAt = cluster.clock.now();
    await cluster.client.delete('pods', 'default', 'polite');
    await cluster.until(() => cluster.pod('polite') === undefined);
    expect(cluster.clock.now() - askedAt).toBeLessThan(5000);
  });
});

test('what cannot be executed is reported in the words of the runtime', async () => {
  await cluster.create('exec', { containers: [busybox('sleep 3600')] });
  await cluster.until(() => isReady('exec'));
  const missing = await cluster.exec('exec', ['nosuch']);
  expect(missing.message).toMatch(
    /unable to start container process: exec: "nosuch": executable file not found in \$PATH$/,
  );
  const failed = await cluster.exec('exec', ['sh', '-c', 'echo out; echo err >&2; exit 3']);
  expect(failed).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
});

test('an ephemeral container sees the processes of its target, and leaves them alone', async () => {
  await cluster.create('target', { containers: [busybox('sleep 3600')] });
  await cluster.until(() => isReady('target'));
  const look = { name: 'look', image: 'busybox:1.36', command: ['ps'], targetContainerName: 'c' };
  const patch = { spec: { ephemeralContainers: [look] } };
  await cluster.client.mergePatch('pods', 'default', 'target', patch, 'ephemeralcontainers');
  await cluster.until(
    () => cluster.pod('target')?.status?.ephemeralContainerStatuses?.[0]?.state?.terminated !== undefined,
  );
  expect(await cluster.logs('target', false, 'look')).toMatch(/ 1 root .* sleep 3600\n/);
  expect(isReady('target')).toBe(true);
});

test('after a restart of the process running pods are started anew, and finished ones stay as they are', async () => {
  await cluster.create('kept', { containers: [busybox('sleep 3600')] });
  await cluster.create('done', { restartPolicy: 'Never', containers: [busybox('true')] });
  await cluster.until(() => isReady('kept') && phase('done') === 'Succeeded');
  const finished = cluster.pod('done');
  await cluster.restart();
  await cluster.until(() => cluster.container('kept')?.restartCount === 1 && isReady('kept'));
  expect(cluster.container('kept')?.lastState?.terminated).toMatchObject({
    exitCode: 255,
    reason: 'Unknown',
  });
  expect(cluster.pod('done')?.status).toEqual(finished?.status);
});
