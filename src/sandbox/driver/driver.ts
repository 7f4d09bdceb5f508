import type { ClusterConnection } from '../../common/cluster-connection.js';

/** What a cluster should be. Everything in it comes from outside the sandbox; it names no lab and no scenario. */
export interface ClusterSpec {
  /** Of the sandbox: 1–63 characters `[a-z0-9-]`, unique in the installation. */
  id: string;
  nodes: { workers: number };
  /** `1.35`; the driver's default when absent. */
  kubernetesVersion?: string;
  /** Images to load beforehand; a simulated cluster knows them from its catalogue. */
  images: string[];
}

/** One named part of making a cluster, reported as it starts and ends. */
export interface PhaseReport {
  name: string;
  state: 'running' | 'done' | 'failed';
  message?: string;
}

export type Identity = 'learner' | 'grader';

export type DriverStatus = { available: true; version: string } | { available: false; reason: string };

/**
 * Makes, finds and removes clusters of one kind. Every method is idempotent, and the runtime, not memory, is asked what
 * exists. Errors are `DomainError`s: `driver-unavailable`, `provision-failed`, `provision-timeout`, `sandbox-not-found`,
 * `clock-not-movable`.
 */
export interface Driver {
  readonly name: 'simulated' | 'kind';
  status(): Promise<DriverStatus>;
  /** Resolves when the cluster answers and its nodes are ready. Called again for the same id it picks up or starts over. */
  provision(spec: ClusterSpec, report: (phase: PhaseReport) => void, signal: AbortSignal): Promise<void>;
  destroy(id: string): Promise<void>;
  list(): Promise<string[]>;
  connect(id: string, identity: Identity): Promise<ClusterConnection>;
  advanceClock(id: string, byMs: number): Promise<void>;
  /** Lets go of what this process holds of its clusters; they come back with the next process. */
  close(): Promise<void>;
}
