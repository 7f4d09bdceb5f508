import { isObject, type JsonObject } from '../../machinery/json.js';
import { objectIn } from './core.js';
import type { Defaulter } from './defaulter.js';

/** The limit of a Job that counts failures by index instead: as good as none. */
const UNLIMITED_BACKOFF = 2 ** 31 - 1;

/**
 * Defaults of the batch group, by type. A CronJob's `jobTemplate` is no Job yet: only its pods are filled in.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/
 */
export const BATCH_DEFAULTS: Record<string, Defaulter> = {
  'batch.v1.Job': (job) => {
    const spec = objectIn(job, 'spec');
    defaultCompletions(spec);
    spec['backoffLimit'] ??= spec['backoffLimitPerIndex'] === undefined ? 6 : UNLIMITED_BACKOFF;
    spec['completionMode'] ??= 'NonIndexed';
    spec['suspend'] ??= false;
    spec['manualSelector'] ??= false;
    spec['podReplacementPolicy'] ??=
      spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed';
    inheritLabels(job);
  },
  'batch.v1.PodFailurePolicyOnPodConditionsPattern': (pattern) => {
    pattern['status'] ??= 'True';
  },
  'batch.v1.CronJobSpec': (spec) => {
    spec['concurrencyPolicy'] ??= 'Allow';
    spec['suspend'] ??= false;
    spec['successfulJobsHistoryLimit'] ??= 3;
    spec['failedJobsHistoryLimit'] ??= 1;
  },
};

/** With only `parallelism` given the Job is a work queue, which has no number of completions. */
function defaultCompletions(spec: JsonObject): void {
  if (spec['parallelism'] === undefined) spec['completions'] ??= 1;
  spec['parallelism'] ??= 1;
}

function inheritLabels(job: JsonObject): void {
  const template = objectIn(objectIn(job, 'spec'), 'template');
  const labels = objectIn(template, 'metadata')['labels'];
  if (isObject(labels)) objectIn(job, 'metadata')['labels'] ??= { ...labels };
}
