import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyMigrations } from '../database/migrations.js';
import { Ownership } from './ownership.js';
import { startPostgres } from './postgres.js';
import { isRunning, readStartTime, waitForExit } from './process-liveness.js';
import { startRedis } from './redis.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seatrial-embedded-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

function ask(url: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(new URL(url).pathname, () => socket.write(`${command}\r\n`));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', reject);
  });
}

describe('embedded PostgreSQL', () => {
  it('works below a folder that is closed to other users, keeps its data, and migrates once', async () => {
    const closed = join(folder, 'closed');
    await mkdir(closed);
    await chmod(closed, 0o700);
    const first = await startPostgres(join(closed, 'postgres'));
    const migrations = await applyMigrations(first.url);
    expect(migrations.length).toBeGreaterThan(0);
    await query(first.url, `INSERT INTO users (id, name, role) VALUES ('a', 'Ada', 'learner')`);
    await first.stop();

    const second = await startPostgres(join(closed, 'postgres'));
    expect(await applyMigrations(second.url)).toEqual([]);
    expect(await query(second.url, 'SELECT name FROM users')).toEqual([{ name: 'Ada' }]);
    await second.stop();
    await expect(query(second.url, 'SELECT 1')).rejects.toThrow();
  });

  it('leaves nothing of a migration that fails', async () => {
    const server = await startPostgres(join(folder, 'postgres'));
    const migrations = join(folder, 'migrations');
    await mkdir(join(migrations, '1_bad'), { recursive: true });
    await writeFile(join(migrations, '1_bad', 'migration.sql'), 'CREATE TABLE half (id int); SELECT 1/0;');
    await expect(applyMigrations(server.url, migrations)).rejects.toThrow('1_bad');
    expect(await query(server.url, "SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
    await server.stop();
  });
});

describe('embedded Redis', () => {
  it('keeps what it was told over a restart', async () => {
    const directory = join(folder, 'redis');
    const first = await startRedis(directory);
    expect(await ask(first.url, 'SET ship shape')).toContain('OK');
    await first.stop();
    const second = await startRedis(directory);
    expect(await ask(second.url, 'GET ship')).toContain('shape');
    await second.stop();
    await expect(ask(second.url, 'PING')).rejects.toThrow();
  });

  it('gets a folder whose path is too long for a socket', async () => {
    const service = await startRedis(join(folder, 'x'.repeat(120)));
    expect(await ask(service.url, 'PING')).toContain('PONG');
    await service.stop();
  });
});

describe('ownership of an embedded service', () => {
  it('ends with the process that has it', async () => {
    const child = spawn('sleep', ['60']);
    const pid = child.pid ?? 0;
    await writeFile(join(folder, 'owner'), `${pid} ${await readStartTime(pid)}`);
    const ownership = new Ownership(folder);
    expect(await ownership.isTaken()).toBe(true);
    child.kill('SIGKILL');
    expect(await waitForExit(pid, 5_000)).toBe(true);
    expect(await ownership.isTaken()).toBe(false);
  });

  it('is not kept by another process that got the same id', async () => {
    await writeFile(join(folder, 'owner'), `${process.ppid} 1`);
    expect(await isRunning(process.ppid)).toBe(true);
    expect(await new Ownership(folder).isTaken()).toBe(false);
  });
});
