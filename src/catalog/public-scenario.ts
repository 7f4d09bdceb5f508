import type { Scenario } from './scenario.js';

/** What anyone may know of a scenario: never solutions, mutants, setup, hints' texts or what a check looks at. */
export interface PublicScenario {
  id: string;
  title: string;
  summary: string;
  level: Scenario['level'];
  minutes: number;
  tags: string[];
  drivers: Scenario['drivers'];
  points: number;
  /** Percent of the points that pass. */
  passMark: number;
  steps: PublicStep[];
}

export interface PublicStep {
  id: string;
  title: string;
  /** Markdown. */
  text: string;
  points: number;
  /** How many there are. */
  hints: number;
  checks: { id: string; title: string; points: number }[];
}

/** Built field by field: what a scenario gains later stays private until it is named here. */
export function publicScenario(scenario: Scenario): PublicScenario {
  const { id, title, summary, level, minutes, tags, drivers, points, passMark } = scenario;
  return {
    id,
    title,
    summary,
    level,
    minutes,
    tags: [...tags],
    drivers: [...drivers],
    points,
    passMark,
    steps: scenario.steps.map((step) => ({
      id: step.id,
      title: step.title,
      text: step.text,
      points: step.points,
      hints: step.hints.length,
      checks: step.checks.map((check) => ({ id: check.id, title: check.title, points: check.points })),
    })),
  };
}
