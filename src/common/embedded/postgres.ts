import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { isOpenToOthers, type Launched, launch, type SystemUser, tieToParent } from './launcher.js';
import { Ownership } from './ownership.js';
import { findPostgresPrograms, type PostgresPrograms } from './postgres-programs.js';
import { endProcess, isRunning, waitForExit } from './process-liveness.js';
import { prepareSocketDirectory } from './socket-directory.js';

const run = promisify(execFile);
const DATABASE = 'seatrial';
const START_TIMEOUT_MS = 30_000;

/** A service that runs beside the program. */
export interface EmbeddedService {
  url: string;
  /** Stops it when this process owns it; within seconds. */
  stop(): Promise<void>;
}

/**
 * Runs PostgreSQL with its data in `cluster` and its socket in the folder `<cluster>-run` beside it, reachable only through a unix socket that only our user may open. Made on the first
 * start. A server that outlived its program is stopped and started afresh; one that another living process owns is shared.
 */
export async function startPostgres(cluster: string): Promise<EmbeddedService> {
  const directory = `${cluster}-run`;
  await mkdir(directory, { recursive: true });
  const sockets = await prepareSocketDirectory(directory, '.s.PGSQL.5432');
  const url = `postgresql://${DATABASE}@localhost/${DATABASE}?host=${encodeURIComponent(sockets)}`;
  const ownership = new Ownership(directory);
  if (await ownership.isTaken()) {
    await waitUntilReady(sockets);
    return { url, stop: async () => {} };
  }
  await ownership.take();
  await endOrphan(cluster);

  const programs = await findPostgresPrograms();
  const user = process.getuid?.() === 0 ? await findServiceUser() : undefined;
  const wrap = await commandWrapper(cluster, programs, user);
  if (user) await chown(sockets, user.uid, user.gid);
  if (!(await isInitialised(cluster))) await initialise(cluster, programs, wrap, user);
  const server = await launch(
    await wrap({
      program: programs.postgres,
      args: ['-D', cluster, '-k', sockets, ...SERVER_SETTINGS.flatMap((setting) => ['-c', setting])],
    }),
  );
  await waitUntilReady(sockets, server);
  await createDatabase(sockets);
  return {
    url,
    stop: async () => {
      // SIGINT is PostgreSQL's fast shutdown: roll back what is open, write everything, leave.
      await endProcess(server.pid, 'SIGINT', 5_000);
      await ownership.release();
    },
  };
}

/** No TCP port at all; the socket's folder is the lock on the door. */
const SERVER_SETTINGS = [
  'listen_addresses=',
  'unix_socket_permissions=0700',
  'max_connections=100',
  'shared_buffers=32MB',
  'logging_collector=off',
  'log_min_messages=warning',
];

type Wrap = (command: { program: string; args: string[] }) => ReturnType<typeof tieToParent>;

async function commandWrapper(
  cluster: string,
  programs: PostgresPrograms,
  user: SystemUser | undefined,
): Promise<Wrap> {
  const open = (await isOpenToOthers(cluster)) && (await isOpenToOthers(programs.postgres));
  return (command) => tieToParent(command, { deathSignal: 'INT', user, passClosedFolders: !open });
}

/** PostgreSQL refuses to run as root: the machine's `postgres` user, made when missing. */
async function findServiceUser(): Promise<SystemUser> {
  const read = async () => {
    const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  };
  return read().catch(async () => {
    await run('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/usr/sbin/nologin',
      'postgres',
    ]);
    return read();
  });
}

async function isInitialised(cluster: string): Promise<boolean> {
  // Our own mark, written after initdb succeeded: a folder that was only half made is made again.
  return readFile(join(cluster, 'seatrial-initialised')).then(
    () => true,
    () => false,
  );
}

async function initialise(
  cluster: string,
  programs: PostgresPrograms,
  wrap: Wrap,
  user: SystemUser | undefined,
): Promise<void> {
  await rm(cluster, { recursive: true, force: true });
  await mkdir(cluster, { recursive: true });
  await chmod(cluster, 0o700);
  if (user) await chown(cluster, user.uid, user.gid);
  const making = await launch(
    await wrap({
      program: programs.initdb,
      args: [
        '-D',
        cluster,
        '-U',
        DATABASE,
        '--auth=trust',
        '--encoding=UTF8',
        '--locale=C.UTF-8',
        '--no-sync',
      ],
    }),
  );
  const result = await making.exited;
  if (result !== 0) throw new Error(`initdb failed: ${making.lastOutput()}`);
  await writeMark(cluster, user);
}

async function writeMark(cluster: string, user: SystemUser | undefined): Promise<void> {
  const mark = join(cluster, 'seatrial-initialised');
  await writeFile(mark, '');
  if (user) await chown(mark, user.uid, user.gid);
}

/** Stops a server that lives on after its program was killed; its first line in `postmaster.pid` is its process id. */
async function endOrphan(cluster: string): Promise<void> {
  const pid = Number(
    (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0],
  );
  if (!pid || !(await isRunning(pid))) return;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (!command.includes(cluster)) return;
  // It may already be leaving by itself, told so by the kernel when its parent died.
  if (!(await waitForExit(pid, 300))) await endProcess(pid, 'SIGINT', 5_000);
}

async function waitUntilReady(sockets: string, server?: Launched): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  let exited = false;
  void server?.exited.then(() => {
    exited = true;
  });
  for (;;) {
    const client = new pg.Client({ host: sockets, user: DATABASE, database: 'postgres' });
    try {
      await client.connect();
      return await client.end();
    } catch (error) {
      await client.end().catch(() => {});
      if (exited) throw new Error(`PostgreSQL did not start: ${server?.lastOutput()}`, { cause: error });
      if (performance.now() > deadline) throw new Error('PostgreSQL did not start in time', { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

async function createDatabase(sockets: string): Promise<void> {
  const client = new pg.Client({ host: sockets, user: DATABASE, database: 'postgres' });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(DATABASE)}`);
  } finally {
    await client.end();
  }
}
