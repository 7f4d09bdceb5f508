import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { PACKAGE_ROOT } from '../package-root.js';

/** Keeps two processes from migrating at once; the number that Prisma's own `migrate deploy` uses. */
const MIGRATION_LOCK = 72_707_369;

const CREATE_LEDGER = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

/**
 * Brings the database to the newest schema, with the same ledger as `prisma migrate deploy`. Each migration runs in a
 * transaction of its own, so one that fails, or is cut off, leaves nothing behind. Returns the names it applied.
 */
export async function applyMigrations(
  databaseUrl: string,
  directory = join(PACKAGE_ROOT, 'prisma', 'migrations'),
): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(CREATE_LEDGER);
    const ledger = await client.query<{ migration_name: string }>(
      'SELECT migration_name FROM "_prisma_migrations" WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL',
    );
    const done = new Set(ledger.rows.map((row) => row.migration_name));
    const missing = (await listMigrations(directory)).filter((name) => !done.has(name));
    for (const name of missing) await applyMigration(client, directory, name);
    return missing;
  } finally {
    // Closing the session also gives the lock back.
    await client.end();
  }
}

async function listMigrations(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

async function applyMigration(client: pg.Client, directory: string, name: string): Promise<void> {
  const sql = await readFile(join(directory, name, 'migration.sql'), 'utf8');
  const checksum = createHash('sha256').update(sql).digest('hex');
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw new Error(`The migration ${name} failed`, { cause: error });
  }
}
