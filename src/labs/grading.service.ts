import { Injectable } from '@nestjs/common';
import type { Principal } from '../accounts/principal.js';
import type { Scenario, ScenarioStep } from '../catalog/scenario.js';
import { Database } from '../common/database/database.js';
import type { Lab, Prisma } from '../common/database/generated/client.js';
import { DomainError } from '../common/domain-error.js';
import { newId } from '../common/new-id.js';
import { createClusterReader } from '../grader/cluster-reader.js';
import { grade } from '../grader/grade.js';
import type { CheckVerdict } from '../grader/verdict.js';
import { HostGateways } from './hosts/host-gateways.js';
import { LabEvents } from './lab-events.js';
import { USABLE } from './lab-state.js';
import { LabTransitions } from './lab-transitions.js';
import { type StoredVerdicts, verdictKey } from './lab-view.js';
import type { CheckView, GradeView } from './labs.schema.js';
import { LabsService } from './labs.service.js';
import { ScenarioVersions } from './scenario-versions.js';

interface GradedStep {
  id: string;
  checks: CheckView[];
}

/** Looks at a lab's cluster, from outside and with the grader's own credential, and keeps what it saw. */
@Injectable()
export class GradingService {
  constructor(
    private readonly database: Database,
    private readonly labs: LabsService,
    private readonly versions: ScenarioVersions,
    private readonly gateways: HostGateways,
    private readonly events: LabEvents,
    private readonly transitions: LabTransitions,
  ) {}

  /** Grades all steps or one. Throws `lab-not-ready`, `lab-ended`, `host-unreachable`, or `validation-failed` for a wrong step. */
  async grade(principal: Principal, labId: string, stepId: string | undefined): Promise<GradeView> {
    const lab = await this.labs.findUsable(principal, labId);
    const scenario = await this.versions.get(lab.scenarioHash);
    const steps = chooseSteps(scenario, stepId);
    const verdicts = await this.look(lab, steps, principal.subject);
    return this.keep(lab, scenario, verdicts);
  }

  private async look(
    lab: Lab & { hostId: string },
    steps: ScenarioStep[],
    subject: string,
  ): Promise<GradedStep[]> {
    const gateway = await this.gateways.of(lab.hostId);
    const connection = await gateway.clusterConnection({ sandboxId: lab.id, identity: 'grader', subject });
    const reader = createClusterReader(connection);
    try {
      const nowMs = nowOf(lab);
      return await Promise.all(
        steps.map(async (step) => {
          const sinceMs = unmetSince(step, lab.verdicts as StoredVerdicts) ?? nowMs;
          const verdicts = await grade({ checks: step.checks, reader, nowMs, sinceMs });
          return { id: step.id, checks: verdicts.map(showVerdict) };
        }),
      );
    } finally {
      reader.close();
    }
  }

  /** The row is locked from reading the old verdicts to writing the new ones: gradings of different steps at once add up. */
  private async keep(lab: Lab, scenario: Scenario, steps: GradedStep[]): Promise<GradeView> {
    const gradedAt = new Date();
    const view = await this.database.$transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT id FROM labs WHERE id = ${lab.id} FOR UPDATE`;
      const current = await transaction.lab.findUniqueOrThrow({ where: { id: lab.id } });
      if (!USABLE.includes(current.state) || current.attempt !== lab.attempt)
        throw new DomainError('lab-not-ready');
      const stored = mergeVerdicts(current.verdicts as StoredVerdicts, steps, nowOf(lab));
      const points = Object.values(stored).reduce((sum, verdict) => sum + verdict.points, 0);
      const grade: GradeView = {
        id: newId(),
        labId: lab.id,
        gradedAt: gradedAt.toISOString(),
        points,
        maxPoints: lab.maxPoints,
        passed: points * 100 >= lab.maxPoints * scenario.passMark,
        steps,
      };
      await transaction.lab.update({
        where: { id: lab.id },
        data: { points, verdicts: stored as unknown as Prisma.InputJsonObject },
      });
      await transaction.grade.create({
        data: { ...grade, gradedAt, steps: steps as unknown as Prisma.InputJsonArray },
      });
      const data = grade as unknown as Prisma.InputJsonObject;
      await this.events.append(transaction, lab.id, { type: 'grade', data });
      return grade;
    });
    await this.events.announce(lab.id, 'grade');
    await this.moveByPoints(lab, view);
    return view;
  }

  /** All points: finished. Fewer again, because the learner broke something: back to ready. */
  private async moveByPoints(lab: Lab, { points, maxPoints }: GradeView): Promise<void> {
    const { attempt } = lab;
    if (points === maxPoints) {
      await this.transitions.move(lab.id, {
        to: 'finished',
        from: ['ready'],
        attempt,
        data: { finishedAt: new Date() },
      });
    } else {
      await this.transitions.move(lab.id, {
        to: 'ready',
        from: ['finished'],
        attempt,
        data: { finishedAt: null },
      });
    }
  }
}

function chooseSteps(scenario: Scenario, stepId: string | undefined): ScenarioStep[] {
  if (stepId === undefined) return scenario.steps;
  return [findStep(scenario, stepId)];
}

/** A step of the scenario. Throws `validation-failed`. */
export function findStep(scenario: Scenario, stepId: string): ScenarioStep {
  const step = scenario.steps.find(({ id }) => id === stepId);
  if (step) return step;
  const known = scenario.steps.map(({ id }) => id).join(', ');
  throw new DomainError('validation-failed', undefined, {
    errors: [{ path: 'step', message: `must be one of ${known}` }],
  });
}

/** The time of the lab's cluster, ms. */
function nowOf(lab: Lab): number {
  return Date.now() + Number(lab.clockOffsetMs);
}

/** From when on the step's `within` counts: the first look at a check that has not passed since. */
function unmetSince(step: ScenarioStep, verdicts: StoredVerdicts): number | undefined {
  const times = step.checks.flatMap(({ id }) => verdicts[verdictKey(step.id, id)]?.unmetSinceMs ?? []);
  return times.length > 0 ? Math.min(...times) : undefined;
}

/**
 * New verdicts replace old ones of the same check. `unknown` replaces none: that we could not look takes nothing from a
 * learner who had passed.
 */
function mergeVerdicts(stored: StoredVerdicts, steps: GradedStep[], nowMs: number): StoredVerdicts {
  const merged = { ...stored };
  for (const step of steps) {
    for (const verdict of step.checks) {
      const key = verdictKey(step.id, verdict.id);
      if (verdict.state === 'unknown' && merged[key]?.state === 'passed') continue;
      const unmetSinceMs = merged[key]?.unmetSinceMs ?? nowMs;
      merged[key] = verdict.state === 'passed' ? verdict : { ...verdict, unmetSinceMs };
    }
  }
  return merged;
}

function showVerdict({ pendingUntilMs: _deadline, ...verdict }: CheckVerdict): CheckView {
  return verdict;
}
