import type { Scenario } from '../../catalog/scenario.js';

/** One proof of a scenario, in a sandbox of its own: run `script`, then exactly the checks in `fails` must fail. */
export interface Trial {
  scenario: Scenario;
  kind: 'untouched' | 'solution' | 'mutant';
  name: string;
  /** Absent for `untouched`. */
  script?: string;
  /** As `step/check`. */
  fails: ReadonlySet<string>;
}

export interface TrialResult {
  scenario: string;
  kind: Trial['kind'];
  name: string;
  ok: boolean;
  points: number;
  maxPoints: number;
  durationMs: number;
  /** What is not as it should be, a sentence each. */
  problems: string[];
}

/** Every trial that a scenario has to stand. */
export function trialsOf(scenario: Scenario): Trial[] {
  const all = scenario.steps.flatMap((step) => step.checks.map((check) => `${step.id}/${check.id}`));
  return [
    { scenario, kind: 'untouched', name: 'untouched', fails: new Set(all) },
    ...scenario.solutions.map(
      ({ name, script }): Trial => ({ scenario, kind: 'solution', name, script, fails: new Set() }),
    ),
    ...scenario.mutants.map(
      ({ name, script, fails }): Trial => ({ scenario, kind: 'mutant', name, script, fails: new Set(fails) }),
    ),
  ];
}
