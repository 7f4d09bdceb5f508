import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeClusterDriver } from '../testing/fake-cluster-driver.js';
import { SandboxHost } from './sandbox-host.js';

let data: string;
let host: SandboxHost;
const never = new AbortController().signal;
const spec = (id: string) => ({ id, driver: 'simulated' as const, nodes: { workers: 2 }, images: [] });
const TIMEOUT_MS = 10_000;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'seatrial-host-'));
  await mkdir(join(data, 'tools'));
  host = makeHost();
});

afterAll(async () => {
  await host.close();
  await rm(data, { recursive: true });
});

function makeHost(): SandboxHost {
  const drivers = [new FakeClusterDriver(join(data, 'sandboxes'))];
  return new SandboxHost({ dataDirectory: data, toolsDirectory: join(data, 'tools'), drivers });
}

const runScript = (id: string, command: string) => host.runCommand(id, { command, timeoutMs: TIMEOUT_MS });

test('makes a sandbox with kubeconfig and files, reports its phases, and makes it again without harm', async () => {
  const phases: string[] = [];
  const files = [{ path: '~/work/app.sh', content: 'echo app\n', mode: '0755' }];
  await host.provision(
    { ...spec('one'), files },
    ({ name, state }) => phases.push(`${name} ${state}`),
    never,
  );
  expect(phases).toEqual(['control-plane running', 'control-plane done', 'shell running', 'shell done']);
  const result = await runScript(
    'one',
    'grep -o "server: .*" ~/.kube/config; stat -c %a ~/.kube/config; ~/work/app.sh; touch ~/mine',
  );
  expect(result).toEqual({
    exitCode: 0,
    stdout: 'server: https://127.0.0.1:6443\n600\napp\n',
    stderr: '',
    timedOut: false,
  });
  await host.provision({ ...spec('one'), files }, () => undefined, never);
  expect((await runScript('one', 'ls ~')).stdout).toBe('mine\nwork\n');
});

test('the API server is reachable on 127.0.0.1:6443, and is that of this sandbox', async () => {
  await host.provision(spec('two'), () => undefined, never);
  const ask = 'curl -s http://127.0.0.1:6443/version | jq -r .cluster';
  expect((await runScript('one', ask)).stdout).toBe('one\n');
  expect((await runScript('two', ask)).stdout).toBe('two\n');
});

test('terminals and commands share processes and network; a private home shares neither with the learner', async () => {
  const background =
    'sleep 60 </dev/null >/dev/null 2>&1 & socat TCP-LISTEN:8080,bind=127.0.0.1 EXEC:"echo hi" >/dev/null 2>&1 &';
  await runScript('two', background);
  expect(
    (await runScript('two', 'pgrep -c sleep; socat - TCP:127.0.0.1:8080,retry=20,interval=0.1')).stdout,
  ).toBe('1\nhi\n');
  const request = {
    command: 'pgrep -c sleep; ls -A ~; curl -s http://127.0.0.1:6443/version | jq -r .cluster',
    timeoutMs: TIMEOUT_MS,
  };
  const secluded = await host.runCommand('two', { ...request, home: 'private' });
  expect(secluded.stdout).toBe('0\n.kube\ntwo\n');
  expect((await readdir(join(data, 'sandboxes', 'two'))).sort()).toEqual([
    'cluster',
    'home',
    'relay',
    'sandbox.json',
  ]);
});

test('a command ends with its time, and so does all that it started', async () => {
  const result = await host.runCommand('two', {
    command: 'echo before; sleep 301 & sleep 302',
    timeoutMs: 300,
  });
  expect(result).toMatchObject({ exitCode: 124, stdout: 'before\n', timedOut: true });
  expect((await runScript('two', 'pgrep -fc "^sleep 30[12]"')).stdout).toBe('0\n');
});

test('keeps the first part of much output', async () => {
  const request = { command: 'yes | head -c 3000000; echo done >&2', timeoutMs: TIMEOUT_MS };
  const result = await host.runCommand('two', { ...request, outputLimitBytes: 1000 });
  expect(result.stdout).toHaveLength(1000);
  expect(result.stderr).toBe('done\n');
});

test('a shell whose owner ended it comes back', async () => {
  await runScript('two', 'kill -9 2');
  await expect.poll(async () => (await runScript('two', 'echo back')).stdout).toBe('back\n');
});

test('sandboxes outlive the process that made them; files, user id and all', async () => {
  const before = await readFile(join(data, 'sandboxes', 'one', 'sandbox.json'), 'utf8');
  await host.close();
  host = makeHost();
  expect(await host.list()).toEqual(['one', 'two']);
  expect((await runScript('one', 'ls ~')).stdout).toBe('mine\nwork\n');
  expect(await readFile(join(data, 'sandboxes', 'one', 'sandbox.json'), 'utf8')).toBe(before);
});

test('destroying leaves nothing, and is done twice as well as once', async () => {
  const terminal = await host.terminal('one', 1);
  await host.destroy('one');
  await expect.poll(() => terminal.isRunning).toBe(false);
  await host.destroy('one');
  expect(await host.list()).toEqual(['two']);
  await expect(host.terminal('one', 1)).rejects.toMatchObject({ code: 'sandbox-not-found' });
});

test('an id that could lead out of the folder is refused', async () => {
  await expect(host.connection('../two', 'learner')).rejects.toMatchObject({ code: 'bad-request' });
  await expect(host.destroy('..')).rejects.toMatchObject({ code: 'bad-request' });
  await expect(host.terminal('two', 9)).rejects.toMatchObject({ code: 'bad-request' });
});
