import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Scenario } from '../../catalog/scenario.js';
import { runSetup } from '../../catalog/setup/run-setup.js';
import { Database } from '../../common/database/database.js';
import type { Lab } from '../../common/database/generated/client.js';
import { DomainError } from '../../common/domain-error.js';
import { ENV } from '../../config/config.module.js';
import type { Env } from '../../config/env.js';
import { SandboxHost, type SandboxSpec } from '../../sandbox/host/sandbox-host.js';
import { JobQueues } from '../jobs/job-queues.js';
import { LabEvents } from '../lab-events.js';
import { firstExpiry } from '../lab-limits.js';
import { LabPhases, type PhaseReport } from '../lab-phases.js';
import { OVER } from '../lab-state.js';
import { LabTransitions } from '../lab-transitions.js';
import { ScenarioVersions } from '../scenario-versions.js';
import { HostSlots, LEASE_MS } from './host-slots.js';
import { LONGEST_SETUP_MS, longestPhaseMs, PhaseDeadline } from './phase-deadline.js';
import { ThisHost } from './this-host.js';

/** A lab that could not be made is tried again, elsewhere if there is elsewhere, this often in all. */
export const MOST_ATTEMPTS = 3;

/** Makes the clusters of labs that this host has claimed. */
@Injectable()
export class LabMaker {
  private readonly logger = new Logger('LabMaker');
  private readonly working = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly sandboxes: SandboxHost,
    private readonly versions: ScenarioVersions,
    private readonly host: ThisHost,
    private readonly slots: HostSlots,
    private readonly phases: LabPhases,
    private readonly events: LabEvents,
    private readonly transitions: LabTransitions,
    private readonly queues: JobQueues,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** Whether an attempt on this lab runs in this process. */
  isMaking(labId: string): boolean {
    return this.working.has(labId);
  }

  /**
   * Brings one attempt to its end: `ready`, or queued again, or `failed` with the reason. When the attempt is not wanted any
   * more (the lab was ended, another attempt began) it stops and leaves nothing.
   */
  async make(labId: string, attempt: number): Promise<void> {
    const deadline = new PhaseDeadline();
    const stopWatching = await this.watch(labId, attempt, deadline);
    this.working.add(labId);
    try {
      const lab = await this.database.lab.findFirst({ where: { id: labId, attempt, state: 'provisioning' } });
      if (!lab) throw new DomainError('lab-ended');
      await this.provisionAndSetUp(lab, attempt, deadline);
      const now = new Date();
      const ready = await this.transitions.move(labId, {
        to: 'ready',
        from: ['provisioning'],
        attempt,
        data: { readyAt: now, expiresAt: firstExpiry(this.env, now), leaseUntil: null },
      });
      if (!ready) throw new DomainError('lab-ended');
    } catch (error) {
      await this.giveUp(labId, attempt, toReason(error, deadline.signal));
    } finally {
      deadline.clear();
      stopWatching();
      this.working.delete(labId);
    }
  }

  private async provisionAndSetUp(lab: Lab, attempt: number, deadline: PhaseDeadline): Promise<void> {
    const scenario = await this.versions.get(lab.scenarioHash);
    const timeline = this.phases.begin(lab.id, attempt);
    const report = (phase: PhaseReport) => {
      if (phase.state === 'running') deadline.begin(phase.name, longestPhaseMs(phase.name, lab.driver));
      timeline.report(phase);
    };
    try {
      deadline.begin('provisioning', longestPhaseMs('provisioning', lab.driver));
      // An earlier attempt may have left a cluster that somebody has worked in.
      if (attempt > 1) await this.sandboxes.destroy(lab.id);
      await this.sandboxes.provision(specOf(lab, scenario), report, deadline.signal);
      if (scenario.setup.length > 0) await this.setUp(lab.id, scenario, report, deadline.signal);
    } finally {
      deadline.clear();
      await timeline.written();
    }
  }

  private async setUp(
    sandboxId: string,
    scenario: Scenario,
    report: (phase: PhaseReport) => void,
    signal: AbortSignal,
  ): Promise<void> {
    report({ name: 'setup', state: 'running' });
    try {
      await runSetup({
        scenario,
        connection: await this.sandboxes.connection(sandboxId, 'grader'),
        runScript: (script) => this.runScript(sandboxId, script, signal),
        signal,
      });
    } catch (error) {
      report({
        name: 'setup',
        state: 'failed',
        message: error instanceof Error ? error.message : String(error),
      });
      throw error;
    }
    report({ name: 'setup', state: 'done' });
  }

  private async runScript(
    sandboxId: string,
    script: string,
    signal: AbortSignal,
  ): Promise<{ exitCode: number; output: string }> {
    const { exitCode, stdout, stderr } = await this.sandboxes.runCommand(sandboxId, {
      command: script,
      home: 'private',
      timeoutMs: LONGEST_SETUP_MS,
      signal,
    });
    return { exitCode, output: stdout + stderr };
  }

  /** Renews the lease, and stops the work as soon as the row says that it is not wanted any more. */
  private async watch(labId: string, attempt: number, deadline: PhaseDeadline): Promise<() => void> {
    const check = () => {
      this.slots
        .renew(labId, attempt)
        .then((wanted) => {
          if (!wanted) deadline.abort(new DomainError('lab-ended'));
        })
        .catch((error: unknown) => this.logger.warn({ err: error, labId }, 'lease not renewed'));
    };
    const timer = setInterval(check, LEASE_MS / 3);
    const unfollow = await this.events.follow(labId, (type) => {
      if (type !== 'state') return;
      this.database.lab
        .count({ where: { id: labId, attempt, state: { in: ['provisioning', 'ready'] } } })
        .then((wanted) => {
          if (wanted === 0) deadline.abort(new DomainError('lab-ended'));
        })
        .catch(() => {});
    });
    return () => {
      clearInterval(timer);
      unfollow();
    };
  }

  /** After an attempt that nobody wants any more: what it made goes, unless a newer attempt on this host uses it. */
  private async cleanUp({ id, state, hostId }: Lab): Promise<void> {
    if (OVER.includes(state) || hostId !== this.host.id) await this.sandboxes.destroy(id);
  }

  private async giveUp(labId: string, attempt: number, reason: DomainError): Promise<void> {
    const lab = await this.database.lab.findUniqueOrThrow({ where: { id: labId } });
    if (lab.attempt !== attempt || lab.state !== 'provisioning') return this.cleanUp(lab);
    this.logger.warn({ err: reason, labId, attempt }, 'lab not made');
    const again = reason.retryable && attempt < MOST_ATTEMPTS;
    await this.sandboxes.destroy(labId).catch((error: unknown) => {
      this.logger.warn({ err: error, labId }, 'half a sandbox not removed');
    });
    if (again) {
      const data = { hostId: null, leaseUntil: null };
      if (await this.transitions.move(labId, { to: 'queued', attempt, data }))
        await this.queues.provision({ id: labId, attempt });
      return;
    }
    const text = reason.message;
    await this.transitions.move(labId, { to: 'failed', attempt, reason: { code: reason.code, text } });
  }
}

function specOf(lab: Lab, { cluster }: Scenario): SandboxSpec {
  const { workers, kubernetesVersion, images } = cluster;
  return {
    id: lab.id,
    // Chosen among the drivers of the scenario when the lab was created.
    driver: lab.driver as SandboxSpec['driver'],
    nodes: { workers },
    images,
    ...(kubernetesVersion ? { kubernetesVersion } : {}),
  };
}

/** What went wrong, in words for the learner: when time ran out that, not what broke because of it. */
function toReason(error: unknown, signal: AbortSignal): DomainError {
  if (signal.reason instanceof DomainError) return signal.reason;
  if (error instanceof DomainError) return error;
  return new DomainError('provision-failed', undefined, { cause: error });
}
