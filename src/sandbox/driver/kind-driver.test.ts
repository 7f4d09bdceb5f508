import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { DomainError } from '../../common/domain-error.js';
import { writeKubeconfig } from '../shell/kubeconfig.js';
import { callsOf, installFake, type Play, recorded, type Script } from '../testing/recorded-kind.js';
import type { PhaseReport } from './driver.js';
import { KindDriver } from './kind-driver.js';

const never = new AbortController().signal;
const SPEC = { id: 'lab1', nodes: { workers: 2 }, images: [] as string[] };
const NAME = 'seatrial-test-lab1';

let folder: string;
let apiServer: Server;
let kubeconfig: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seatrial-kind-'));
  const ready = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
  const items = ['control-plane', 'worker', 'worker2'].map((name) => ({ metadata: { name }, ...ready }));
  apiServer = createServer((_request, response) => response.end(JSON.stringify({ items })));
  await new Promise<void>((resolve) => apiServer.listen(0, '127.0.0.1', resolve));
  const server = `http://127.0.0.1:${(apiServer.address() as AddressInfo).port}`;
  const user = { clientCertificate: 'certificate', clientKey: 'key' };
  kubeconfig = writeKubeconfig('kind', { server, certificateAuthority: 'authority', user });
  vi.stubEnv('PATH', `${join(folder, 'bin')}`);
  await installFake(join(folder, 'bin'), 'docker', {
    exec: ok(
      writeKubeconfig('grader', {
        server: 'https://inside:6443',
        certificateAuthority: 'authority',
        user: { ...user, clientKey: 'grader key' },
      }),
    ),
  });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  apiServer.close();
  await rm(folder, { recursive: true });
});

const ok = (stdout = ''): Play => ({ exit: 0, stdout, stderr: '' });

async function makeDriver(script: Script): Promise<{ driver: KindDriver; program: string }> {
  const defaults = {
    version: await recorded('version'),
    'get clusters': ok(),
    'delete cluster': await recorded('delete-ok'),
  };
  const program = await installFake(join(folder, 'bin'), 'kind', { ...defaults, ...script }, kubeconfig);
  return {
    driver: new KindDriver({ root: folder, installation: 'test', nodeImage: 'kindest/node:v1.36.2' }),
    program,
  };
}

async function provision(driver: KindDriver, spec = SPEC, signal = never) {
  const phases: PhaseReport[] = [];
  const error = await driver
    .provision(spec, (phase) => phases.push(phase), signal)
    .catch((reason: unknown) => reason);
  return { error, phases };
}

test('creates a cluster with its own name, image, kubeconfig and nodes, and reads its phases', async () => {
  const { driver, program } = await makeDriver({ 'create cluster': await recorded('create-ok') });
  const { error, phases } = await provision(driver);
  expect(error).toBeUndefined();
  const create = (await callsOf(program)).find(({ words }) => words[0] === 'create');
  const file = join(folder, 'lab1', 'kind', 'learner.kubeconfig');
  const names = ['--name', NAME, '--wait', '120s', '--kubeconfig', file, '--image', 'kindest/node:v1.36.2'];
  expect(create?.words).toEqual(['create', 'cluster', ...names, '--config', '-']);
  expect(parse(create?.stdin ?? '')).toMatchObject({
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    nodes: [{ role: 'control-plane' }, { role: 'worker' }, { role: 'worker' }],
  });
  const done = phases.filter(({ state }) => state === 'done').map(({ name }) => name);
  expect(done).toEqual([
    ...[
      'node-image',
      'prepare-nodes',
      'configuration',
      'control-plane',
      'cluster-network',
      'storage',
      'wait',
    ],
    ...['nodes', 'grader-access'],
  ]);
});

test('both identities have a certificate of their own and the address that is open to us', async () => {
  const { driver } = await makeDriver({ 'create cluster': await recorded('create-ok') });
  await provision(driver);
  const learner = await driver.connect('lab1', 'learner');
  const grader = await driver.connect('lab1', 'grader');
  expect(learner.tls?.clientKey).toBe('key');
  expect(grader).toMatchObject({ origin: learner.origin, tls: { clientKey: 'grader key' } });
  const [call] = await callsOf(join(folder, 'bin', 'docker'));
  expect(call?.words.slice(0, 5)).toEqual(['exec', `${NAME}-control-plane`, 'kubeadm', 'kubeconfig', 'user']);
});

test('a wait that ran out is no failure: the cluster itself is asked', async () => {
  const { driver } = await makeDriver({ 'create cluster': await recorded('create-wait-too-short') });
  const { error, phases } = await provision(driver);
  expect(error).toBeUndefined();
  expect(phases).toContainEqual({ name: 'wait', state: 'done', message: 'not ready in time, still waiting' });
});

test.each([
  ['create-exists', 'already exist'],
  ['create-bad-name', 'is not a valid cluster name'],
  ['create-missing-image', 'failed to pull image'],
  ['create-bad-config', 'unable to decode config'],
  ['create-port-taken', 'address already in use'],
  ['create-not-a-node-image', 'could not find a log line'],
])('%s: fails with what kind said last, and is cleaned up', async (name, says) => {
  const { driver, program } = await makeDriver({ 'create cluster': await recorded(name) });
  const { error } = await provision(driver);
  expect(error).toMatchObject({ code: 'provision-failed', detail: expect.stringContaining(says) });
  expect((await callsOf(program)).at(-1)?.words.slice(0, 4)).toEqual(['delete', 'cluster', '--name', NAME]);
  expect(await readdir(join(folder, 'lab1'))).toEqual([]);
});

test('a failed step of kind is a failed phase', async () => {
  const { driver } = await makeDriver({ 'create cluster': await recorded('create-port-taken') });
  expect((await provision(driver)).phases.at(-1)).toEqual({ name: 'prepare-nodes', state: 'failed' });
});

test.each(['engine-down', 'engine-missing'])(
  '%s: the driver is unavailable, and says what is missing',
  async (name) => {
    const down = { ...(await recorded('engine-down')), stderr: (await recorded(name)).stderr };
    const { driver } = await makeDriver({
      'get clusters': [ok(), down],
      'create cluster': await recorded('engine-down-create'),
    });
    const { error } = await provision(driver);
    expect(error).toMatchObject({
      code: 'driver-unavailable',
      detail: expect.stringContaining('no working container engine'),
    });
    expect(await driver.status()).toMatchObject({
      available: false,
      reason: expect.stringMatching(/Cannot connect|not found in \$PATH/),
    });
  },
);

test('without kind every call says that kind is not installed', async () => {
  const driver = new KindDriver({ root: folder, installation: 'test' });
  expect(await driver.status()).toMatchObject({
    available: false,
    reason: expect.stringContaining('not installed'),
  });
  for (const call of [
    driver.list(),
    driver.destroy('lab1'),
    driver.provision(SPEC, () => undefined, never),
  ]) {
    await expect(call).rejects.toMatchObject({ code: 'driver-unavailable' });
  }
});

test('a whole cluster is picked up; one that was left half made is made anew', async () => {
  const there = ok(`g1\n${NAME}\n`);
  const { driver, program } = await makeDriver({
    'get clusters': [ok(), there],
    'create cluster': await recorded('create-ok'),
  });
  await provision(driver);
  await provision(driver);
  const creations = async () => (await callsOf(program)).filter(({ words }) => words[0] === 'create').length;
  expect(await creations()).toBe(1);
  await rm(join(folder, 'lab1'), { recursive: true });
  await provision(driver);
  expect(await creations()).toBe(2);
  expect((await callsOf(program)).filter(({ words }) => words[0] === 'delete')).toHaveLength(1);
});

test('lists only clusters of this installation; destroying one that is not there is fine', async () => {
  const { driver } = await makeDriver({
    'get clusters': ok('g1\nseatrial-test-a\nseatrial-other-b\nseatrial-test-c\n'),
    'delete cluster': await recorded('delete-missing'),
  });
  expect(await driver.list()).toEqual(['a', 'c']);
  await driver.destroy('nothing');
});

test('images are loaded; one that is not on the machine is left to the nodes', async () => {
  const { driver, program } = await makeDriver({
    'create cluster': await recorded('create-ok'),
    'load docker-image': [await recorded('load-ok'), await recorded('load-missing')],
  });
  const { error, phases } = await provision(driver, { ...SPEC, images: ['busybox:1.36', 'nosuchimage:1'] });
  expect(error).toBeUndefined();
  expect((await callsOf(program)).at(-1)?.words).toEqual([
    'load',
    'docker-image',
    '--name',
    NAME,
    'nosuchimage:1',
  ]);
  expect(phases.at(-1)).toEqual({
    name: 'images',
    state: 'done',
    message: 'left to the nodes: nosuchimage:1',
  });
});

test('an aborted creation ends kind, cleans up, and keeps the reason', async () => {
  const { driver, program } = await makeDriver({ 'create cluster': { ...ok(), hang: true } });
  const abort = new AbortController();
  const making = provision(driver, SPEC, abort.signal);
  await expect
    .poll(async () => (await callsOf(program)).some(({ words }) => words[0] === 'create'))
    .toBe(true);
  abort.abort(new DomainError('lab-ended'));
  expect((await making).error).toMatchObject({ code: 'lab-ended' });
  expect((await callsOf(program)).at(-1)?.words[0]).toBe('delete');
});

test('real time only', async () => {
  const { driver } = await makeDriver({});
  await expect(driver.advanceClock()).rejects.toMatchObject({ code: 'clock-not-movable' });
});
