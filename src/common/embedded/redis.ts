import { mkdir, readFile, readlink, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findProgram, type Launched, launch, tieToParent } from './launcher.js';
import { Ownership } from './ownership.js';
import type { EmbeddedService } from './postgres.js';
import { endProcess, isRunning, waitForExit } from './process-liveness.js';
import { prepareSocketDirectory } from './socket-directory.js';

const START_TIMEOUT_MS = 15_000;

/**
 * Runs Debian's redis-server below `directory` on a unix socket only, every write in its append-only file. A server that
 * outlived its program is stopped and started afresh; one that another living process owns is shared. `url` has the
 * form `unix:/path/to/socket`.
 */
export async function startRedis(directory: string): Promise<EmbeddedService> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const sockets = await prepareSocketDirectory(directory, 'redis.sock');
  const socketPath = join(sockets, 'redis.sock');
  const url = `unix:${socketPath}`;
  const ownership = new Ownership(directory);
  if (await ownership.isTaken()) {
    await waitUntilReady(socketPath);
    return { url, stop: async () => {} };
  }
  await ownership.take();
  const pidFile = join(directory, 'redis.pid');
  await endOrphan(pidFile, directory);
  await rm(socketPath, { force: true });

  const program = await findProgram('redis-server');
  if (!program) {
    throw new Error('redis-server is missing: install it (apt-get install redis-server) or set REDIS_URL');
  }
  const args = settings(directory, socketPath, pidFile).flatMap(([name, value]) => [`--${name}`, value]);
  const server = await launch(await tieToParent({ program, args }, { deathSignal: 'TERM' }));
  await waitUntilReady(socketPath, server);
  return {
    url,
    stop: async () => {
      await endProcess(server.pid, 'SIGTERM', 5_000);
      await rm(socketPath, { force: true });
      await ownership.release();
    },
  };
}

/** BullMQ asks for `noeviction`: a queue must never lose keys to make room. */
function settings(directory: string, socketPath: string, pidFile: string): [string, string][] {
  return [
    ['port', '0'],
    ['unixsocket', socketPath],
    ['unixsocketperm', '700'],
    ['dir', directory],
    ['pidfile', pidFile],
    ['appendonly', 'yes'],
    ['appendfsync', 'everysec'],
    ['save', ''],
    ['maxmemory-policy', 'noeviction'],
    ['daemonize', 'no'],
    ['loglevel', 'warning'],
  ];
}

async function endOrphan(pidFile: string, directory: string): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  if (!pid || !(await isRunning(pid))) return;
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
  if (cwd !== directory) return;
  if (!(await waitForExit(pid, 300))) await endProcess(pid, 'SIGTERM', 5_000);
}

async function waitUntilReady(socketPath: string, server?: Launched): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  let exited = false;
  void server?.exited.then(() => {
    exited = true;
  });
  while (!(await answersPing(socketPath))) {
    if (exited) throw new Error(`redis-server did not start: ${server?.lastOutput()}`);
    if (performance.now() > deadline) throw new Error('redis-server did not start in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function answersPing(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    // While it still reads its append-only file it answers -LOADING.
    socket.once('data', (data) => settle(data.toString().startsWith('+PONG')));
    socket.once('error', () => settle(false));
    socket.setTimeout(1_000, () => settle(false));
  });
}
