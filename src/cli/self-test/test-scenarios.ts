import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatProblem } from '../../catalog/problem.js';
import type { Driver } from '../../sandbox/driver/driver.js';
import { SimulatedDriver } from '../../sandbox/driver/simulated-driver.js';
import { SandboxHost } from '../../sandbox/host/sandbox-host.js';
import { ExitCode } from '../exit-code.js';
import { UsageError } from '../failure.js';
import { loadScenarios } from '../load-scenarios.js';
import { TOOLS_DIRECTORY } from '../tools-directory.js';
import { printReport } from './report.js';
import { runTrial } from './run-trial.js';
import { type Trial, type TrialResult, trialsOf } from './trial.js';

export interface TestSettings {
  driver: Driver['name'];
  jobs?: number;
  only?: string;
  json?: boolean;
}

/** Runs all trials of the scenarios, several sandboxes at once, and prints how they went. */
export async function testScenarios(paths: readonly string[], settings: TestSettings): Promise<number> {
  const loaded = await loadScenarios(paths);
  const problems = loaded.flatMap((scenario) => scenario.problems);
  for (const problem of problems) console.error(formatProblem(problem));
  const broken = loaded.filter((one) => one.scenario === undefined).length;
  const trials = loaded
    .flatMap(({ scenario }) => (scenario?.drivers.includes(settings.driver) ? trialsOf(scenario) : []))
    .filter((trial) => describeTrial(trial).includes(settings.only ?? ''));
  if (trials.length === 0 && broken === 0) throw new UsageError('there is nothing to test');
  const results = await runTrials(trials, settings);
  printReport(results, settings.json === true);
  const failed = results.filter((result) => !result.ok).length;
  return failed + broken > 0 ? ExitCode.problems : ExitCode.ok;
}

const describeTrial = ({ scenario, kind, name }: Trial): string => `${scenario.id} ${kind} ${name}`;

async function runTrials(
  trials: readonly Trial[],
  { driver, jobs, json }: TestSettings,
): Promise<TrialResult[]> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'seatrial-test-'));
  const host = new SandboxHost({
    dataDirectory,
    toolsDirectory: TOOLS_DIRECTORY,
    drivers: [await makeDriver(driver, dataDirectory)],
  });
  const abort = new AbortController();
  const stop = () => abort.abort(new Error('interrupted'));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const status = await host.driverStatus(driver);
    if (!status.available) throw new Error(`no ${driver} clusters here: ${status.reason}`);
    return await runBounded(trials, jobs ?? availableParallelism(), async (trial) => {
      const result = await runTrial(trial, { host, driver, signal: abort.signal });
      if (!json && process.stderr.isTTY) process.stderr.write(result.ok ? '.' : 'F');
      return result;
    });
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    await host.close();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

/** Marks the clusters of self-tests on an engine that a service may use as well. */
const INSTALLATION = 'selftest';

async function makeDriver(name: Driver['name'], dataDirectory: string): Promise<Driver> {
  const root = join(dataDirectory, 'sandboxes');
  if (name === 'simulated') return new SimulatedDriver(root);
  const { KindDriver } = await import('../../sandbox/driver/kind-driver.js');
  return new KindDriver({ root, installation: INSTALLATION });
}

/** `run` on every item, at most `limit` at once; results in the items' order. */
async function runBounded<Item, Result>(
  items: readonly Item[],
  limit: number,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = [...items.entries()];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await run(next[1]);
  };
  await Promise.all(Array.from({ length: limit }, work));
  return results;
}
