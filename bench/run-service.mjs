// Starts a service of its own on a free port with a data directory of its own, for one benchmark run.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../scripts/setup.mjs';

export const token = 'bench-administrator-token-0123456789';

async function freePort() {
  for (;;) {
    // Below the ports that the system hands out by itself, so that none of ours is given to somebody else meanwhile.
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const server = createServer();
    const free = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (free) return port;
  }
}

/** Resolves to {url, pid, startMs, stop} once `/readyz` answers 200. */
export async function startService(settings = {}) {
  const data = mkdtempSync(join(tmpdir(), 'seatrial-bench-'));
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(root, 'dist/main.js')], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      PORT: String(port),
      SEATRIAL_DATA: data,
      SEATRIAL_ADMIN_TOKEN: token,
      SEATRIAL_LABS_PER_USER: '1000',
      SEATRIAL_HOST_SLOTS: '1000',
      SEATRIAL_LOG_LEVEL: 'warn',
      ...settings,
    },
  });
  const errors = [];
  child.stderr.on('data', (chunk) => errors.push(chunk));
  const exited = new Promise((resolve) => child.on('exit', resolve));
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  for (;;) {
    const ready = await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) break;
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`the service did not start:\n${Buffer.concat(errors)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    url,
    pid: child.pid,
    startMs: performance.now() - startedAt,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** One call of the HTTP API as administrator; throws on anything but 2xx. */
export async function call(service, method, path, body) {
  const response = await fetch(`${service.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

/** Starts a lab; resolves to {id, readyMs} when it is ready, having followed its events. */
export async function startLab(service, scenario = 'expose-a-deployment') {
  const from = performance.now();
  const lab = await call(service, 'POST', '/labs', { scenario });
  const stream = new AbortController();
  const events = await fetch(`${service.url}/api/v1/labs/${lab.id}/events`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.any([stream.signal, AbortSignal.timeout(60_000)]),
  });
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of events.body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes('"state":"failed"')) throw new Error(`lab failed: ${text}`);
    if (text.includes('"state":"ready"')) break;
  }
  const readyMs = performance.now() - from;
  stream.abort();
  return { id: lab.id, readyMs };
}

/** Memory of a process and all its children in MiB, shared pages counted once (proportional set size). */
export async function memoryOfTreeMiB(pid) {
  const { readFileSync, readdirSync } = await import('node:fs');
  const children = (parent) =>
    readdirSync(`/proc/${parent}/task`).flatMap((task) => {
      const text = readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8').trim();
      return text === '' ? [] : text.split(' ').map(Number);
    });
  const tree = (parent) => [parent, ...children(parent).flatMap(tree)];
  let kiB = 0;
  for (const each of tree(pid)) {
    const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${each}/smaps_rollup`, 'utf8'));
    kiB += Number(match?.[1] ?? 0);
  }
  return kiB / 1024;
}
