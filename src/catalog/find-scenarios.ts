import { access, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SCENARIO_FILE } from './load-scenario.js';

/**
 * The scenario folders that a path means: a scenario.yaml, a folder that has one, or a folder of such folders. Rejects
 * with the file system's error when the path is not there.
 */
export async function findScenarios(path: string): Promise<string[]> {
  if (basename(path) === SCENARIO_FILE) return [dirname(path)];
  if (!(await stat(path)).isDirectory()) return [];
  if (await exists(join(path, SCENARIO_FILE))) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const found = await Promise.all(
    folders.map(async ({ name }) =>
      (await exists(join(path, name, SCENARIO_FILE))) ? [join(path, name)] : [],
    ),
  );
  return found.flat().sort();
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
