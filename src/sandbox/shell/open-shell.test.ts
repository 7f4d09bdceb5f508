import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeKubeconfig } from './kubeconfig.js';
import { openShell } from './open-shell.js';

let folder: string;
let server: Server;
let options: { kubeconfigPath: string; homeDirectory: string; toolsDirectory: string };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seatrial-open-shell-'));
  options = {
    kubeconfigPath: join(folder, 'kubeconfig'),
    homeDirectory: join(folder, 'home'),
    toolsDirectory: join(folder, 'tools'),
  };
  await mkdir(options.toolsDirectory);
  server = createServer((_request, response) => response.end('the cluster'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(options.kubeconfigPath, writeKubeconfig('any', { server: url, user: { token: 'secret' } }));
});

afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

test('runs a command with the cluster behind the address in its kubeconfig, and gives its exit code', async () => {
  const command = [
    '/bin/bash',
    '-c',
    'curl -s "$(sed -n "s/ *server: //p" ~/.kube/config)" > answer; exit 9',
  ];
  expect(await openShell({ ...options, command })).toBe(9);
  expect(await readFile(join(options.homeDirectory, 'answer'), 'utf8')).toBe('the cluster');
});

test('a home is kept for the next time', async () => {
  await openShell({ ...options, command: ['/bin/bash', '-c', 'echo mine > ~/file'] });
  expect(await openShell({ ...options, command: ['/bin/grep', '-q', 'mine', 'file'] })).toBe(0);
});

test('a file that is no kubeconfig is refused', async () => {
  await writeFile(options.kubeconfigPath, 'kind: Config\n');
  await expect(openShell(options)).rejects.toMatchObject({ code: 'bad-request' });
  await expect(openShell({ ...options, kubeconfigPath: join(folder, 'none') })).rejects.toMatchObject({
    code: 'bad-request',
  });
});
