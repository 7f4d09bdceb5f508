import { SetMetadata } from '@nestjs/common';
import { z } from 'zod';

const ofLab = z.strictObject({ labId: z.string() });
const withoutData = z.strictObject({});

/**
 * All jobs. `queue` says who may do it: `shared` any host that has room; `own` only the host it is sent to; `any` whichever
 * process comes first. Every job asks the rows what is to do, so running it twice, late or half is harmless.
 */
export const JOBS = {
  /** Makes the cluster of a queued lab. */
  provision: { queue: 'shared', data: ofLab },
  /** Makes the cluster of a lab anew, on the host where it is. */
  reset: { queue: 'own', data: ofLab },
  /** Removes what is left of a lab that is over. */
  destroy: { queue: 'own', data: ofLab },
  /** Moves the clock of a simulated cluster forward. */
  clock: { queue: 'own', data: z.strictObject({ labId: z.string(), toOffsetMs: z.number().int() }) },
  /** Compares what a host has with what rows say. */
  reconcile: { queue: 'own', data: withoutData },
  /** Ends labs whose time is up and finds labs that everyone forgot. */
  reap: { queue: 'any', data: withoutData },
} as const;

export type JobName = keyof typeof JOBS;
export type JobData<Name extends JobName> = z.output<(typeof JOBS)[Name]['data']>;
export const JOB_NAMES = Object.keys(JOBS) as JobName[];

/**
 * How many clusters of a kind one host makes at the same time. Simulated ones mostly wait for their own Pods; a real one
 * keeps two cores busy.
 */
export const CLUSTERS_AT_ONCE = { simulated: 24, kind: 2 } as const;

/** How many jobs of a queue one process does at the same time. */
export const CONCURRENCY = {
  shared: CLUSTERS_AT_ONCE.simulated + CLUSTERS_AT_ONCE.kind,
  own: 8,
  any: 1,
} as const;

/** How many clusters of a lab's driver one host makes at the same time. */
export function clustersAtOnce(driver: string): number {
  return driver === 'kind' ? CLUSTERS_AT_ONCE.kind : CLUSTERS_AT_ONCE.simulated;
}

/**
 * How often a job is begun anew after its process died with it. What a host does for itself is not: `reconcile` finds what
 * is still to do, and a job that ended the process must not end the next one too.
 */
export const RESUMPTIONS = { shared: 3, own: 0, any: 3 } as const;

/** A handler's answer when this process cannot do the job now: it is offered again soon. */
export const LATER = Symbol('LATER');

/** Does one kind of job. What it resolves to says nothing, except for `LATER`. */
export interface JobHandler<Name extends JobName = JobName> {
  handle(data: JobData<Name>): Promise<unknown>;
}

export const HANDLED_JOB = Symbol('HANDLED_JOB');

/** Declares which job a provider handles. `JobWorkers` proves at the start that each job has exactly one handler. */
export const HandlesJob = (name: JobName) => SetMetadata(HANDLED_JOB, name);

/** The name of a queue in Redis. */
export function queueName(kind: 'shared' | 'any'): string;
export function queueName(kind: 'own', hostId: string): string;
export function queueName(kind: 'shared' | 'any' | 'own', hostId?: string): string {
  return { shared: 'labs-provision', any: 'labs-upkeep', own: `labs-host-${hostId}` }[kind];
}
