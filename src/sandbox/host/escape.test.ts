import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_SHELL_LIMITS } from '../shell/limits.js';
import { FakeClusterDriver } from '../testing/fake-cluster-driver.js';
import { SandboxHost } from './sandbox-host.js';

/** What a learner might try, to get at the host or at another learner. */
const MEBIBYTE = 1024 ** 2;
const LIMITS = {
  ...DEFAULT_SHELL_LIMITS,
  processes: 64,
  fileBytes: 8 * MEBIBYTE,
  addressSpaceBytes: 128 * MEBIBYTE,
  temporaryBytes: 4 * MEBIBYTE,
  cpuSeconds: 1,
};

let data: string;
let host: SandboxHost;
let hostPort: Server;

beforeAll(async () => {
  // 0700 all the way: the learner's user could not even walk down to its own home.
  data = await mkdtemp(join(tmpdir(), 'seatrial-escape-'));
  await mkdir(join(data, 'tools'));
  await writeFile(join(data, 'secret'), 'hidden');
  await chmod(join(data, 'secret'), 0o644);
  const drivers = [new FakeClusterDriver(join(data, 'sandboxes'))];
  host = new SandboxHost({
    dataDirectory: data,
    toolsDirectory: join(data, 'tools'),
    drivers,
    limits: LIMITS,
  });
  const none = new AbortController().signal;
  for (const id of ['mine', 'other']) {
    await host.provision(
      { id, driver: 'simulated', nodes: { workers: 1 }, images: [] },
      () => undefined,
      none,
    );
  }
  await host.runCommand('other', { command: 'echo private > ~/notes', timeoutMs: 5_000 });
  hostPort = createServer((socket) => socket.end('the host\n'));
  await new Promise<void>((resolve) => hostPort.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  hostPort.close();
  await host.close();
  await rm(data, { recursive: true });
});

async function attempt(command: string): Promise<string> {
  const { stdout, stderr } = await host.runCommand('mine', { command, timeoutMs: 15_000 });
  return (stdout + stderr).trim();
}

test('sees no file of the host or of another sandbox', async () => {
  const places = `cat ${data}/secret ${data}/sandboxes/other/home/notes /etc/shadow; ls /root /home /var /sys /boot /mnt /srv`;
  const output = await attempt(places);
  expect(output).not.toMatch(/hidden|private|root:/);
  expect(output.match(/No such file or directory/g)).toHaveLength(9);
  expect(output).toContain('learner');
  expect(
    await attempt('ls /proc/[0-9]*/root/home/*; cat /proc/1/environ /proc/2/environ | tr "\\0" "\\n"'),
  ).not.toContain('notes');
});

test('gets nothing of the host’s environment, and cannot see its processes', async () => {
  process.env.SEATRIAL_TEST_SECRET = 'hidden';
  expect(await attempt('env; cat /proc/*/environ 2>/dev/null | tr "\\0" "\\n"')).not.toMatch(
    /hidden|SEATRIAL/,
  );
  delete process.env.SEATRIAL_TEST_SECRET;
  const processes = (await attempt('ps -eo comm=')).split('\n');
  expect(new Set(processes)).toEqual(new Set(['bwrap', 'socat', 'ps']));
  expect(await attempt('tr "\\0" " " < /proc/1/cmdline')).not.toContain(data);
});

test('reaches no port but the API server’s, and no other network', async () => {
  const { port } = hostPort.address() as { port: number };
  const tries = [`127.0.0.1:${port}`, '10.0.0.1:80', '169.254.169.254:80', '1.1.1.1:53'];
  const output = await attempt(tries.map((to) => `curl -sS -m 2 http://${to}; echo $?`).join('\n'));
  expect(output).not.toContain('the host');
  expect(output.match(/^7$/gm)).toHaveLength(tries.length);
  expect(await attempt('ls /sys/class/net; cut -d: -f1 /proc/net/dev | tail -n +3')).toMatch(/^\s*lo$/m);
});

test('writes nowhere but to its home and its temporary folders', async () => {
  const places = [
    '/',
    '/usr',
    '/usr/bin',
    '/etc',
    '/dev',
    '/opt/bin',
    '/run',
    '/run/seatrial',
    '/home',
    '/proc/sys/kernel',
  ];
  const output = await attempt(places.map((place) => `touch ${place}/x && echo wrote ${place}`).join('\n'));
  expect(output).not.toContain('wrote');
  expect(await attempt('touch ~/x /tmp/x /dev/shm/x && echo fine')).toBe('fine');
});

test('gains no rights: no capability, no set-uid program, no new user namespace, no mount', async () => {
  expect(
    await attempt('grep -E "^Cap(Inh|Prm|Eff|Amb)|NoNewPrivs" /proc/self/status | cut -f2 | sort -u'),
  ).toBe('0000000000000000\n1');
  expect(await attempt('unshare --user true && echo got it')).not.toContain('got it');
  expect(
    await attempt('unshare --mount true && echo got it; mount -t tmpfs none ~ && echo got it'),
  ).not.toContain('got it');
  expect(
    await attempt('chroot / true && echo got it; nsenter -t 1 --mount true && echo got it'),
  ).not.toContain('got it');
  expect(
    await attempt('echo c > /proc/sysrq-trigger && echo got it; head -c1 /proc/kcore && echo got it'),
  ).not.toContain('got it');
});

test('kills nothing outside', async () => {
  expect(await attempt(`kill -9 ${process.pid} ${process.ppid}`)).toMatch(
    /No such process\n.*No such process/,
  );
  expect(await attempt('kill -9 1; ps -o comm= -p 1')).toBe('bwrap');
  await attempt('kill -9 -1');
  const others = await host.runCommand('other', { command: 'cat ~/notes', timeoutMs: 5_000 });
  expect(others.stdout).toBe('private\n');
});

test('a fork bomb stays within its number of processes, and ends with its command', async () => {
  const result = await host.runCommand('mine', {
    command: 'bomb() { bomb | bomb & }; bomb; sleep 2; echo lived',
    timeoutMs: 4_000,
  });
  expect(result.stderr).toMatch(/Resource temporarily unavailable|retry/);
  await host.destroy('mine');
  const none = new AbortController().signal;
  await host.provision(
    { id: 'mine', driver: 'simulated', nodes: { workers: 1 }, images: [] },
    () => undefined,
    none,
  );
  expect(Number(await attempt('ps -e --no-headers | wc -l'))).toBeLessThan(8);
});

test('files, memory, processor time and temporary folders are limited', async () => {
  expect(await attempt('head -c 20M /dev/zero > ~/big; stat -c %s ~/big; rm ~/big')).toContain(
    String(8 * MEBIBYTE),
  );
  expect(
    await attempt('for n in 1 2 3; do head -c 3M /dev/zero > /tmp/$n || echo full; done; rm /tmp/*'),
  ).toContain('full');
  expect(
    await attempt('for n in 1 2 3; do head -c 3M /dev/zero > /dev/shm/$n || echo full; done; rm /dev/shm/*'),
  ).toContain('full');
  expect(await attempt('head -c 200M /dev/zero | tail -c 200M | wc -c')).toMatch(/memory exhausted|^0$/m);
  expect(await attempt('bash -c "while :; do :; done"; echo ended $?')).toMatch(/ended (137|152)/);
  expect(await attempt('ulimit -c')).toBe('0');
});

test.runIf(process.getuid?.() === 0)('every sandbox is a user of its own, and none is root', async () => {
  for (const id of ['mine', 'other']) {
    void host.runCommand(id, { command: `exec -a held-${id} sleep 300`, timeoutMs: 60_000 });
  }
  const uidOf = (id: string) =>
    execFileSync('ps', ['-eo', 'uid,args'], { encoding: 'utf8' }).match(new RegExp(`(\\d+) held-${id}`))?.[1];
  await expect.poll(() => [uidOf('mine'), uidOf('other')].every((uid) => Number(uid) >= 200_000)).toBe(true);
  expect(uidOf('mine')).not.toBe(uidOf('other'));
});
