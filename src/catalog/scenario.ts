import type { Check } from '../grader/schema.js';
import type { ScenarioFile, WaitCondition } from './scenario-schema.js';

/** A Kubernetes object as a manifest has it. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string | undefined; [field: string]: unknown };
  [field: string]: unknown;
}

export type SetupAction =
  | { type: 'apply'; file: string; manifests: Manifest[] }
  | { type: 'run'; file: string; script: string }
  | { type: 'wait'; condition: WaitCondition };

/** Every check has its points here, as `max` of the verdict. */
export type ScoredCheck = Check & { points: number };

export interface ScenarioStep {
  id: string;
  title: string;
  /** Markdown. */
  text: string;
  /** The sum of its checks'. */
  points: number;
  /** Markdown, to be given one after the other. */
  hints: string[];
  checks: ScoredCheck[];
}

/** A way to the goal, or almost: bash for the learner's own shell. */
export interface Solution {
  /** The file's name without `.sh`. */
  name: string;
  /** The first comment line. */
  title: string;
  file: string;
  script: string;
}

export interface Mutant extends Solution {
  /** The checks that must fail, and no others, as `step/check`. */
  fails: string[];
}

/** A scenario whole, solutions and all. What may leave the service is publicScenario's. */
export interface Scenario
  extends Pick<
    ScenarioFile,
    'id' | 'title' | 'summary' | 'level' | 'minutes' | 'tags' | 'drivers' | 'cluster' | 'passMark'
  > {
  /** Its folder. */
  path: string;
  /** SHA-256 of all its files: two scenarios with the same hash are the same. */
  contentHash: string;
  points: number;
  setup: SetupAction[];
  steps: ScenarioStep[];
  solutions: Solution[];
  mutants: Mutant[];
}
