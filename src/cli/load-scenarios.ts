import { findScenarios } from '../catalog/find-scenarios.js';
import { type LoadedScenario, loadScenario } from '../catalog/load-scenario.js';
import { UsageError } from './failure.js';

/** Loads all scenarios that the paths of a command line mean. Throws UsageError for a path without any. */
export async function loadScenarios(paths: readonly string[]): Promise<LoadedScenario[]> {
  const folders = new Set<string>();
  for (const path of paths) {
    const found = await findScenarios(path).catch(() => {
      throw new UsageError(`there is no file or folder ${path}`);
    });
    if (found.length === 0) throw new UsageError(`there is no scenario.yaml in ${path}`);
    for (const folder of found) folders.add(folder);
  }
  return Promise.all([...folders].map(loadScenario));
}
