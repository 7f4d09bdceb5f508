import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../support/api.js';
import { addLearner } from '../support/labs.js';
import { type CliRun, runCli, startCli } from '../support/run-cli.js';
import {
  freePort,
  makeDataDirectory,
  type RunningService,
  removeDataDirectory,
  runService,
} from '../support/run-service.js';
import { waitUntil } from '../support/wait-until.js';

describe('seatrial lab, against a service', () => {
  const dataDirectory = makeDataDirectory();
  let service: RunningService;
  let settings: Record<string, string>;
  let id: string;
  const lab = (...args: string[]) => runCli(['lab', ...args], settings);

  beforeAll(async () => {
    service = await runService(dataDirectory);
    settings = { SEATRIAL_URL: service.url, SEATRIAL_TOKEN: await addLearner(service, 'ada') };
  });

  afterAll(async () => {
    await service?.stop();
    removeDataDirectory(dataDirectory);
  });

  test('starts a lab and tells how that goes', async () => {
    const { code, stdout, stderr } = await lab('start', 'expose-a-deployment');
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/ready\n$/) });
    expect(stdout).toMatch(/^[a-z0-9]{16}\n$/);
    id = stdout.trim();
  });

  test('lists and shows it', async () => {
    const { stdout } = await lab('list');
    expect(stdout).toMatch(new RegExp(`^${id}\\s+expose-a-deployment\\s+ready\\s+0/10`, 'm'));
    expect(JSON.parse((await lab('list', '--json')).stdout)).toMatchObject([{ id, state: 'ready' }]);
    const shown = await lab('show', id);
    expect(shown.stdout).toMatch(/A name inside the cluster/);
    expect(shown.stdout).toMatch(/0 of 10 points/);
  });

  test('checks it: 1 while something is missing, 0 when a step is solved', async () => {
    const untouched = await lab('check', id);
    expect(untouched).toMatchObject({ code: 1, stdout: expect.stringContaining('0 of 10 points') });
    const kubeconfig = join(dataDirectory, 'kubeconfig');
    writeFileSync(
      kubeconfig,
      await (
        await fetch(`${service.url}/api/v1/labs/${id}/kubeconfig`, {
          headers: { authorization: `Bearer ${settings['SEATRIAL_TOKEN']}` },
        })
      ).text(),
    );
    const { body } = await call<{ items: unknown[] }>(service, 'GET', `/labs/${id}/objects?kinds=Service`, {
      token: String(settings['SEATRIAL_TOKEN']),
    });
    expect(body).toBeDefined();
    const server = /server: (\S+)/.exec(readFileSync(kubeconfig, 'utf8'))?.[1];
    const made = await fetch(`${server}/api/v1/namespaces/harbour/services`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        metadata: { name: 'beacon' },
        spec: { selector: { app: 'beacon' }, ports: [{ port: 80, targetPort: 80 }] },
      }),
    });
    expect(made.status).toBe(201);
    await waitUntil(
      'the step to pass',
      20_000,
      async () => (await lab('check', id, '--step', 'inside')).code === 0,
    );
    expect((await lab('check', id)).stdout).toContain('5 of 10 points');
  });

  test('extends and ends it', async () => {
    expect(await lab('extend', id, '--minutes', '5')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^expires /),
    });
    expect(await lab('end', id)).toMatchObject({ code: 0, stdout: 'ended\n' });
    expect((await lab('show', id)).stdout).toContain('ended');
    expect(await lab('check', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('(lab-ended)') });
  });

  test.each([
    [['start', 'no-such'], 1, /scenario-not-found/],
    [['show', '../users'], 1, /lab-not-found/],
    [['start'], 2, /missing required argument 'scenario'/],
    [['start', 'x', '--driver', 'k3s'], 2, /Allowed choices are simulated, kind/],
    [['extend', 'x', '--minutes', '0'], 2, /whole number from 1/],
    [['shell', 'x', '--terminal', '9'], 2, /Allowed choices are 1, 2/],
    [['shell', 'x'], 2, /needs a terminal/],
    [['begin', 'x'], 2, /unknown command 'begin'/],
  ] as const)('%j ends with %d and says why', async (args, code, reason) => {
    const result = await lab(...args);
    expect(result).toMatchObject({ code, stderr: expect.stringMatching(reason) });
    expect(result.stderr).not.toMatch(/^\s+at /m);
  });

  test('says what is wrong with its settings, and who does not answer', async () => {
    expect(await runCli(['lab', 'list'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('SEATRIAL_TOKEN must be set'),
    });
    const wrong = { SEATRIAL_URL: 'labs.example', SEATRIAL_TOKEN: 'x' };
    expect(await runCli(['lab', 'list'], wrong)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('SEATRIAL_URL must be the address'),
    });
    const nobody = { SEATRIAL_URL: `http://127.0.0.1:${await freePort()}`, SEATRIAL_TOKEN: 'x' };
    expect(await runCli(['lab', 'list'], nobody)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('does not answer'),
    });
    expect(await runCli(['lab', 'list'], { ...settings, SEATRIAL_TOKEN: 'st_x' })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('unauthenticated'),
    });
  });
});

describe('seatrial cluster and seatrial shell', () => {
  const folder = makeDataDirectory();
  const kubeconfig = join(folder, 'kubeconfig');
  let cluster: CliRun;
  const shell = (...command: string[]) => runCli(['shell', '--kubeconfig', kubeconfig, '--', ...command]);
  const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('seatrial-shell-'));

  beforeAll(async () => {
    cluster = startCli(['cluster', '--kubeconfig', kubeconfig, '--nodes', '2']);
    await waitUntil('the cluster to be ready', 20_000, () => cluster.stdout() === 'ready\n');
  });

  afterAll(async () => {
    cluster.child.kill('SIGKILL');
    await cluster.ended;
    removeDataDirectory(folder);
  });

  test('write a kubeconfig for its owner only, and run kubectl on it', async () => {
    expect(statSync(kubeconfig).mode & 0o777).toBe(0o600);
    const nodes = await shell('kubectl', 'get', 'nodes');
    expect(nodes).toMatchObject({ code: 0, stderr: '' });
    expect(nodes.stdout.match(/ Ready /g)).toHaveLength(2);
  });

  test('pass on the exit code of the command', async () => {
    expect((await shell('bash', '-c', 'exit 23')).code).toBe(23);
    expect((await shell('kubectl', 'get', 'pod', 'nobody')).code).toBe(1);
    expect((await shell('no-such-program')).code).toBe(127);
  });

  test('SIGTERM ends a shell with its programs, and leaves no folder', async () => {
    const before = leftovers();
    const run = startCli([
      'shell',
      '--kubeconfig',
      kubeconfig,
      '--',
      'bash',
      '-c',
      'echo begun; exec sleep 4321',
    ]);
    await waitUntil('the command to run', 20_000, () => run.stdout().includes('begun'));
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(143);
    expect(commandLines().filter((line) => line.includes('sleep 4321'))).toEqual([]);
    expect(leftovers()).toEqual(before);
  });

  test.each([
    [['cluster', '--nodes', '0'], 2, /whole number from 1/],
    [['cluster', '--clock', 'slow'], 2, /Allowed choices are real, fast/],
    [['cluster', '--port', '70000'], 2, /whole number from 0/],
    [['cluster', '--colour'], 2, /unknown option '--colour'/],
    [['shell'], 2, /required option '--kubeconfig/],
    [['shell', '--kubeconfig', '/nonexistent', '--', 'true'], 1, /kubeconfig cannot be read/],
    [['shell', '--kubeconfig', '/etc/hostname', '--', 'true'], 1, /no kubeconfig/],
    [['sail'], 2, /unknown command 'sail'/],
  ] as const)('%j ends with %d and says why', async (args, code, reason) => {
    const result = await runCli([...args]);
    expect(result).toMatchObject({ code, stderr: expect.stringMatching(reason) });
    expect(result.stderr).not.toMatch(/^\s+at /m);
  });

  test('a port that is taken is told in a sentence', async () => {
    const port = new URL(/server: (\S+)/.exec(readFileSync(kubeconfig, 'utf8'))?.[1] ?? '').port;
    const other = join(folder, 'other');
    const result = await runCli(['cluster', '--kubeconfig', other, '--port', port]);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringMatching(/EADDRINUSE|in use/) });
    expect(result.stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(other)).toBe(false);
  });

  test('SIGTERM ends the cluster with 0', async () => {
    cluster.child.kill('SIGTERM');
    expect(await cluster.ended).toBe(0);
    const asked = await shell('curl', '-sk', '-m', '5', 'https://127.0.0.1:6443/version');
    expect(asked).toMatchObject({ code: expect.toSatisfy((code: number) => code > 0), stdout: '' });
  });
});

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    });
}
