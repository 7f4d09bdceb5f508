import { findScenarios } from './find-scenarios.js';
import { loadScenario } from './load-scenario.js';
import { byPosition, type Problem } from './problem.js';
import type { Scenario } from './scenario.js';

/** The scenarios that can be started, as they were on disk when loaded. */
export class Catalogue {
  private constructor(
    private readonly byId: ReadonlyMap<string, Scenario>,
    /** Of all files of all folders; a scenario with an error among them is left out. */
    readonly problems: readonly Problem[],
  ) {}

  /** Reads every scenario in `folders`. Where two have the same id, the first folder's wins. Never rejects. */
  static async load(folders: readonly string[]): Promise<Catalogue> {
    const problems: Problem[] = [];
    const byId = new Map<string, Scenario>();
    for (const folder of folders) {
      const loaded = await Promise.all((await pathsIn(folder, problems)).map(loadScenario));
      for (const { scenario, problems: found } of loaded) {
        problems.push(...found);
        if (!scenario) continue;
        const first = byId.get(scenario.id);
        if (first) problems.push(folderProblem(scenario.path, `${first.path} has the same id and wins`));
        else byId.set(scenario.id, scenario);
      }
    }
    const sorted = new Map([...byId].sort(([a], [b]) => (a < b ? -1 : 1)));
    return new Catalogue(sorted, problems.toSorted(byPosition));
  }

  /** By id. */
  list(): Scenario[] {
    return [...this.byId.values()];
  }

  get(id: string): Scenario | undefined {
    return this.byId.get(id);
  }
}

async function pathsIn(folder: string, problems: Problem[]): Promise<string[]> {
  try {
    return await findScenarios(folder);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    problems.push(folderProblem(folder, `cannot be read: ${why}`));
    return [];
  }
}

const folderProblem = (file: string, message: string): Problem => ({
  file,
  line: 1,
  column: 1,
  severity: 'error',
  message,
});
