/** The shapes of the HTTP API that the page uses; see /api/docs for all of it. */

export interface Problem {
  status: number;
  code: string;
  title: string;
  detail?: string;
  errors?: { path: string; message: string }[];
}

export interface Me {
  id: string;
  name: string;
  role: 'learner' | 'instructor' | 'administrator';
}

export interface ScenarioSummary {
  id: string;
  title: string;
  summary: string;
  level: string;
  minutes: number;
  tags: string[];
  drivers: string[];
}

export interface ScenarioStep {
  id: string;
  title: string;
  /** Markdown. */
  text: string;
}

export interface Scenario extends ScenarioSummary {
  steps: ScenarioStep[];
}

export type CheckState = 'passed' | 'failed' | 'pending' | 'unknown';

export interface Check {
  id: string;
  title: string;
  state: CheckState;
  points: number;
  maxPoints: number;
  message: string;
  observed?: unknown;
  expected?: unknown;
}

export interface LabStep {
  id: string;
  title: string;
  state: CheckState;
  checks: Check[];
}

export type LabState =
  | 'queued'
  | 'provisioning'
  | 'ready'
  | 'paused'
  | 'finished'
  | 'expired'
  | 'ended'
  | 'failed';

export interface Phase {
  name: string;
  state: 'pending' | 'running' | 'done' | 'failed';
  startedAt?: string;
  endedAt?: string;
}

export interface Lab {
  id: string;
  scenario: string;
  driver: string;
  state: LabState;
  reason?: string;
  phases: Phase[];
  queue?: { place: number; expectedReadyAt: string };
  expiresAt: string;
  points: number;
  maxPoints: number;
  steps: LabStep[];
}

export interface Grade {
  id: string;
  labId: string;
  points: number;
  maxPoints: number;
  passed: boolean;
  steps: { id: string; checks: Check[] }[];
}
