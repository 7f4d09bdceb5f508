import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterConnection } from '../../common/cluster-connection.js';
import { DomainError } from '../../common/domain-error.js';
import { ClusterHttp } from '../../grader/cluster-http.js';
import { createClusterReader } from '../../grader/cluster-reader.js';
import { Discovery } from '../../grader/discovery.js';
import { parseDuration } from '../../grader/duration.js';
import { grade } from '../../grader/grade.js';
import type { Scenario } from '../scenario.js';
import type { WaitCondition } from '../scenario-schema.js';
import { applyManifest } from './apply-manifest.js';

export interface SetupContext {
  scenario: Pick<Scenario, 'setup'>;
  /** As an administrator of the cluster, not the learner. */
  connection: ClusterConnection;
  /** Runs bash with kubectl at hand, on this cluster, out of the learner's sight. */
  runScript(script: string): Promise<{ exitCode: number; output: string }>;
  /**
   * Lets this much of the cluster's time pass; real waiting when absent. On a simulated cluster, moving its clock makes
   * waits as good as free.
   */
  passTime?: (ms: number) => Promise<void>;
  signal: AbortSignal;
}

const DEFAULT_WAIT = '60s';
const LOOK_EVERY_MS = 250;
const SHOWN_OUTPUT = 500;

/**
 * Brings the cluster into the state that the scenario begins with: its actions in order. Manifests go straight to the API
 * server, no process is started for them. Safe to run twice where the scenario's own scripts are. Rejects with
 * `provision-failed`, which says what went wrong, or with the signal's reason.
 */
export async function runSetup({
  scenario,
  connection,
  runScript,
  signal,
  passTime = (ms) => sleep(ms, undefined, { signal }),
}: SetupContext): Promise<void> {
  if (scenario.setup.length === 0) return;
  const http = new ClusterHttp(connection);
  const cluster = { http, discovery: new Discovery(http) };
  try {
    for (const action of scenario.setup) {
      signal.throwIfAborted();
      if (action.type === 'apply')
        for (const manifest of action.manifests) await applyManifest(manifest, cluster, signal);
      else if (action.type === 'wait') await waitFor(action.condition, connection, passTime);
      else await runOrFail(action.file, await runScript(action.script));
    }
  } catch (error) {
    if (error instanceof DomainError || signal.aborted) throw error;
    throw new DomainError('provision-failed', 'the scenario could not be set up', { cause: error });
  } finally {
    http.close();
  }
}

async function runOrFail(
  file: string,
  { exitCode, output }: { exitCode: number; output: string },
): Promise<void> {
  if (exitCode === 0) return;
  throw new DomainError(
    'provision-failed',
    `${file} ended with exit code ${exitCode}: ${output.trim().slice(-SHOWN_OUTPUT)}`,
  );
}

/** A wait is a check without points: asked until it passes or its time, on the cluster's clock, is over. */
async function waitFor(
  condition: WaitCondition,
  connection: ClusterConnection,
  passTime: (ms: number) => Promise<void>,
): Promise<void> {
  const reader = createClusterReader(connection);
  const { within = DEFAULT_WAIT, ...expectations } = condition;
  const check = { ...expectations, id: 'wait', title: 'wait' };
  try {
    for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
      const [verdict] = await grade({ checks: [check], reader, nowMs: Date.now() });
      if (verdict?.state === 'passed') return;
      if (waitedMs > parseDuration(within))
        throw new DomainError('provision-failed', `waited ${within} in vain: ${verdict?.message}`);
      await passTime(LOOK_EVERY_MS);
    }
  } finally {
    reader.close();
  }
}
