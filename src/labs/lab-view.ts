import type { Scenario, ScenarioStep } from '../catalog/scenario.js';
import type { Lab, LabPhase } from '../common/database/generated/client.js';
import type { QueuePlace } from './lab-estimate.js';
import type { CheckView, LabView } from './labs.schema.js';

/** A verdict as it is kept; `unmetSinceMs` (cluster time) is when a check that has not passed since was first looked at. */
export type StoredVerdict = CheckView & { unmetSinceMs?: number };

/** Verdicts of a lab's checks by `step/check`: the column `verdicts`. */
export type StoredVerdicts = Record<string, StoredVerdict>;

/** How many hints were given, by step: the column `hintsGiven`. */
export type HintsGiven = Record<string, number>;

/** What a lab is to the API, from its row, its phases and its scenario. Nothing in it tells how a check works. */
export function showLab(lab: Lab, phases: LabPhase[], scenario: Scenario, queue?: QueuePlace): LabView {
  return {
    id: lab.id,
    scenario: lab.scenarioId,
    scenarioHash: lab.scenarioHash,
    driver: lab.driver,
    state: lab.state,
    ...(lab.reason ? { reason: lab.reason } : {}),
    ...(lab.reasonCode ? { reasonCode: lab.reasonCode } : {}),
    createdAt: lab.createdAt.toISOString(),
    ...(lab.readyAt ? { readyAt: lab.readyAt.toISOString() } : {}),
    ...(lab.endedAt ? { endedAt: lab.endedAt.toISOString() } : {}),
    expiresAt: lab.expiresAt.toISOString(),
    phases: phases.map(showPhase),
    ...(queue ? { queue: { place: queue.place, expectedReadyAt: queue.expectedReadyAt.toISOString() } } : {}),
    points: lab.points,
    maxPoints: lab.maxPoints,
    steps: scenario.steps.map((step) =>
      showStep(step, lab.verdicts as StoredVerdicts, lab.hintsGiven as HintsGiven),
    ),
  };
}

/** The key of a check's verdict. Check ids are unique within their step only. */
export function verdictKey(stepId: string, checkId: string): string {
  return `${stepId}/${checkId}`;
}

function showVerdict({ unmetSinceMs: _kept, ...view }: StoredVerdict): CheckView {
  return view;
}

function showPhase({ name, state, startedAt, endedAt, message }: LabPhase): LabView['phases'][number] {
  return {
    name,
    state,
    startedAt: startedAt.toISOString(),
    ...(endedAt ? { endedAt: endedAt.toISOString() } : {}),
    ...(message ? { message } : {}),
  };
}

function showStep(step: ScenarioStep, verdicts: StoredVerdicts, hints: HintsGiven): LabView['steps'][number] {
  const checks = step.checks.map((check): CheckView => {
    const stored = verdicts[verdictKey(step.id, check.id)];
    if (stored) return showVerdict(stored);
    return {
      id: check.id,
      title: check.title,
      state: 'pending',
      points: 0,
      maxPoints: check.points,
      message: 'Not checked yet',
    };
  });
  return {
    id: step.id,
    title: step.title,
    state: worstState(checks),
    points: checks.reduce((sum, check) => sum + check.points, 0),
    maxPoints: step.points,
    hints: step.hints.length,
    hintsGiven: step.hints.slice(0, hints[step.id] ?? 0),
    checks,
  };
}

/** `passed` when all are; else the state that says most about what is left to do. */
function worstState(checks: CheckView[]): CheckView['state'] {
  const order = ['failed', 'unknown', 'pending'] as const;
  return order.find((state) => checks.some((check) => check.state === state)) ?? 'passed';
}
