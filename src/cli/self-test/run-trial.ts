import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { runSetup } from '../../catalog/setup/run-setup.js';
import { newId } from '../../common/new-id.js';
import { type ConnectedClusterReader, createClusterReader } from '../../grader/cluster-reader.js';
import { grade } from '../../grader/grade.js';
import type { CheckVerdict } from '../../grader/verdict.js';
import type { Driver } from '../../sandbox/driver/driver.js';
import type { SandboxHost } from '../../sandbox/host/sandbox-host.js';
import { explainError } from '../failure.js';
import type { Trial, TrialResult } from './trial.js';

export interface TrialContext {
  host: SandboxHost;
  driver: Driver['name'];
  signal: AbortSignal;
}

const SCRIPT_TIMEOUT_MS = 120_000;

/** For one trial as a whole: a real cluster takes a minute to make, and time passes at its own pace there. */
const TRIAL_TIMEOUT_MS = { simulated: 120_000, kind: 1_200_000 };

/** How long, on the cluster's clock, it may take to become what it should be. */
const CONVERGE_WITHIN_MS = 180_000;

/** And how long it must then stay so: longer than any back-off or probe that could still change it. */
const STAY_FOR_MS = 30_000;

/** One look at the cluster every so often, on its own clock. */
const LOOK_EVERY_MS = 2000;

/** Runs one trial in a fresh sandbox and removes it. Never rejects: what goes wrong is a problem of the result. */
export async function runTrial(trial: Trial, { signal: stop, ...rest }: TrialContext): Promise<TrialResult> {
  const startedAtMs = performance.now();
  const signal = AbortSignal.any([stop, AbortSignal.timeout(TRIAL_TIMEOUT_MS[rest.driver])]);
  const context = { ...rest, signal };
  const { scenario, kind, name } = trial;
  const id = `trial-${newId()}`;
  let verdicts: NamedVerdict[] = [];
  let problems: string[] = [];
  try {
    const stopped = once(signal, 'abort').then(() => signal.throwIfAborted());
    const observed = prepare(id, trial, context).then(() => observe(id, trial, context));
    verdicts = (await Promise.race([observed, stopped])) ?? [];
    problems = disagreements(trial, verdicts);
  } catch (error) {
    problems = [explainError(error)];
  } finally {
    await context.host
      .destroy(id)
      .catch((error: unknown) => problems.push(`not removed: ${explainError(error)}`));
  }
  return {
    scenario: scenario.id,
    kind,
    name,
    ok: problems.length === 0,
    points: verdicts.reduce((sum, { verdict }) => sum + verdict.points, 0),
    maxPoints: scenario.points,
    durationMs: Math.round(performance.now() - startedAtMs),
    problems,
  };
}

interface NamedVerdict {
  /** `step/check`. */
  name: string;
  verdict: CheckVerdict;
}

async function prepare(id: string, { scenario, script }: Trial, context: TrialContext): Promise<void> {
  const { host, driver, signal } = context;
  const { workers, kubernetesVersion, images } = scenario.cluster;
  const spec = {
    id,
    driver,
    nodes: { workers },
    images,
    ...(kubernetesVersion !== undefined && { kubernetesVersion }),
  };
  await host.provision(spec, () => undefined, signal);
  await runSetup({
    scenario,
    connection: await host.connection(id, 'grader'),
    runScript: (text) => runScript(host, id, text, 'private'),
    passTime: (ms) => passTime(id, ms, context),
    signal,
  });
  if (script === undefined) return;
  const { exitCode, output } = await runScript(host, id, script, 'learner');
  if (exitCode !== 0)
    throw new Error(`the script ended with exit code ${exitCode}: ${output.trim().slice(-500)}`);
}

async function runScript(host: SandboxHost, id: string, command: string, home: 'learner' | 'private') {
  const { exitCode, stdout, stderr } = await host.runCommand(id, {
    command,
    home,
    timeoutMs: SCRIPT_TIMEOUT_MS,
  });
  return { exitCode, output: `${stdout}${stderr}` };
}

/**
 * Lets the cluster's time pass until the checks are as the trial says, and then longer, to see that they stay so. What
 * fails because it has not happened yet is told from what never will.
 */
async function observe(id: string, trial: Trial, context: TrialContext): Promise<NamedVerdict[]> {
  const reader = createClusterReader(await context.host.connection(id, 'grader'));
  try {
    let verdicts = await gradeAll(trial, reader);
    for (let waitedMs = 0; waitedMs < CONVERGE_WITHIN_MS; waitedMs += LOOK_EVERY_MS) {
      if (disagreements(trial, verdicts).length === 0) break;
      await passTime(id, LOOK_EVERY_MS, context);
      verdicts = await gradeAll(trial, reader);
    }
    if (disagreements(trial, verdicts).length > 0) return verdicts;
    await passTime(id, STAY_FOR_MS, context);
    return await gradeAll(trial, reader);
  } finally {
    reader.close();
  }
}

/** On a simulated cluster time passes as fast as its work gets done. */
async function passTime(id: string, ms: number, { host, driver, signal }: TrialContext): Promise<void> {
  signal.throwIfAborted();
  if (driver === 'simulated') await host.advanceClock(id, ms);
  else await sleep(ms, undefined, { signal });
}

/** All deadlines over: a check passes or it does not. */
async function gradeAll({ scenario }: Trial, reader: ConnectedClusterReader): Promise<NamedVerdict[]> {
  const steps = await Promise.all(
    scenario.steps.map(async (step) => {
      const verdicts = await grade({ checks: step.checks, reader, nowMs: Date.now(), sinceMs: 0 });
      return verdicts.map((verdict) => ({ name: `${step.id}/${verdict.id}`, verdict }));
    }),
  );
  return steps.flat();
}

function disagreements({ kind, fails }: Trial, verdicts: readonly NamedVerdict[]): string[] {
  return verdicts.flatMap(({ name, verdict }) => {
    if (fails.has(name) && verdict.state === 'passed')
      return [
        kind === 'untouched' ? `${name} passes before anything was done` : `${name} passes, should fail`,
      ];
    if (!fails.has(name) && verdict.state !== 'passed')
      return [`${name} is ${verdict.state}: ${verdict.message}`];
    return verdict.state === 'unknown' ? [`${name} is unknown: ${verdict.message}`] : [];
  });
}
