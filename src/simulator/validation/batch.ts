import type { CronJob, Job, JobSpec } from '../api/batch-v1.generated.js';
import { isTimeZone, scheduleProblem } from '../machinery/cron.js';
import { dns1123SubdomainProblems, tooManyCharacters } from '../machinery/names.js';
import { selectsLabels, validateSelector } from './labels.js';
import { validatePodTemplate } from './pods.js';
import { invalid, notSupported, type Problems, required } from './problems.js';
import { immutable, type Loose, nonNegative, oneOf, requiredOneOf, rulesFor } from './rules.js';

/** A CronJob's Jobs add eleven characters to its name. */
const MAX_CRON_JOB_NAME = 52;

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ and …/cron-job-v1/ */
export const BATCH_RULES = {
  'jobs.batch': rulesFor<Job>({
    validate: ({ spec }) => validateJob(spec ?? {}),
    *validateUpdate({ spec = {} }, { spec: before = {} }) {
      yield* validateJob(spec);
      if (spec.completionMode !== 'Indexed')
        yield* immutable('spec.completions', spec.completions, before.completions);
      yield* immutable('spec.selector', spec.selector, before.selector);
      if (!before.suspend) yield* immutable('spec.template', spec.template, before.template);
      yield* immutable('spec.completionMode', spec.completionMode, before.completionMode);
      yield* immutable('spec.podFailurePolicy', spec.podFailurePolicy, before.podFailurePolicy);
      yield* immutable('spec.backoffLimitPerIndex', spec.backoffLimitPerIndex, before.backoffLimitPerIndex);
      yield* immutable('spec.managedBy', spec.managedBy, before.managedBy);
    },
  }),
  'cronjobs.batch': rulesFor<CronJob>({
    nameProblems: (name) => [
      ...dns1123SubdomainProblems(name),
      ...(name.length > MAX_CRON_JOB_NAME ? [tooManyCharacters(MAX_CRON_JOB_NAME)] : []),
    ],
    validate: validateCronJob,
  }),
};

function* validateJob(spec: Loose<JobSpec>): Problems {
  yield* validateJobSpec('spec', spec);
  if (!spec.selector) return;
  yield* validateSelector('spec.selector', spec.selector);
  const labels = spec.template?.metadata?.labels;
  if (!selectsLabels(spec.selector, labels))
    yield invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`');
}

function* validateJobSpec(field: string, spec: Loose<JobSpec>): Problems {
  for (const member of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
  ] as const)
    yield* nonNegative(`${field}.${member}`, spec[member]);
  yield* oneOf(`${field}.completionMode`, spec.completionMode, ['NonIndexed', 'Indexed']);
  if (spec.completionMode === 'Indexed' && spec.completions === undefined)
    yield required(`${field}.completions`, 'when completion mode is Indexed');
  yield* validatePodTemplate(`${field}.template`, spec.template ?? {});
  const restartPolicy = spec.template?.spec?.restartPolicy ?? '';
  const path = `${field}.template.spec.restartPolicy`;
  if (restartPolicy === 'Always') yield required(path, 'valid values: "OnFailure", "Never"');
  else if (restartPolicy !== 'OnFailure' && restartPolicy !== 'Never')
    yield notSupported(path, restartPolicy, ['OnFailure', 'Never']);
}

function* validateCronJob({ spec = {} }: Loose<CronJob>): Problems {
  yield* validateSchedule(spec.schedule ?? '');
  yield* validateTimeZone(spec.timeZone);
  yield* nonNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds);
  yield* requiredOneOf('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']);
  const job = spec.jobTemplate?.spec ?? {};
  yield* validateJobSpec('spec.jobTemplate.spec', job);
  if (job.selector)
    yield invalid('spec.jobTemplate.spec.selector', job.selector, '`selector` will be auto-generated');
  if (job.manualSelector) yield notSupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false']);
  yield* nonNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit);
  yield* nonNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit);
}

function* validateSchedule(schedule: string): Problems {
  const field = 'spec.schedule';
  if (schedule === '') {
    yield required(field);
    return;
  }
  const problem = scheduleProblem(schedule.replace(/^(?:CRON_)?TZ=\S+\s+/, ''));
  if (problem !== undefined) yield invalid(field, schedule, problem);
  if (schedule.includes('TZ'))
    yield invalid(field, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead');
}

function* validateTimeZone(timeZone: string | undefined): Problems {
  const field = 'spec.timeZone';
  if (timeZone === undefined) return;
  if (timeZone === '') yield invalid(field, timeZone, 'timeZone must be nil or non-empty string');
  else if (timeZone.toLowerCase() === 'local')
    yield invalid(
      field,
      timeZone,
      'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
    );
  else if (!isTimeZone(timeZone)) yield invalid(field, timeZone, `unknown time zone ${timeZone}`);
}
