import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '../../api/apps-v1.generated.js';
import type { CronJob, Job } from '../../api/batch-v1.generated.js';
import type { PodTemplate, ReplicationController } from '../../api/core-v1.generated.js';
import { humanDuration } from '../../machinery/duration.js';
import { groupOf } from '../../schema/resources.js';
import {
  age,
  type Cell,
  containerCells,
  formatLabels,
  formatSelector,
  isTrue,
  NONE,
  selectorString,
  since,
} from './cell.js';

export function printDeployment(deployment: Deployment, nowMs: number): Cell[] {
  const { metadata, spec, status } = deployment;
  return [
    metadata.name,
    `${status?.readyReplicas ?? 0}/${spec.replicas ?? 1}`,
    status?.updatedReplicas ?? 0,
    status?.availableReplicas ?? 0,
    age(deployment, nowMs),
    ...containerCells(spec.template.spec?.containers),
    selectorString(spec.selector),
  ];
}

export function printReplicaSet(set: ReplicaSet, nowMs: number): Cell[] {
  return [
    set.metadata.name,
    set.spec.replicas ?? 1,
    set.status?.replicas ?? 0,
    set.status?.readyReplicas ?? 0,
    age(set, nowMs),
    ...containerCells(set.spec.template?.spec?.containers),
    formatSelector(set.spec.selector),
  ];
}

export function printReplicationController(controller: ReplicationController, nowMs: number): Cell[] {
  return [
    controller.metadata.name,
    controller.spec.replicas ?? 1,
    controller.status?.replicas ?? 0,
    controller.status?.readyReplicas ?? 0,
    age(controller, nowMs),
    ...containerCells(controller.spec.template?.spec?.containers),
    formatLabels(controller.spec.selector),
  ];
}

export function printStatefulSet(set: StatefulSet, nowMs: number): Cell[] {
  return [
    set.metadata.name,
    `${set.status?.readyReplicas ?? 0}/${set.spec.replicas ?? 1}`,
    age(set, nowMs),
    ...containerCells(set.spec.template.spec?.containers),
  ];
}

export function printDaemonSet(set: DaemonSet, nowMs: number): Cell[] {
  return [
    set.metadata.name,
    set.status?.desiredNumberScheduled ?? 0,
    set.status?.currentNumberScheduled ?? 0,
    set.status?.numberReady ?? 0,
    set.status?.updatedNumberScheduled ?? 0,
    set.status?.numberAvailable ?? 0,
    formatLabels(set.spec.template.spec?.nodeSelector),
    age(set, nowMs),
    ...containerCells(set.spec.template.spec?.containers),
    formatSelector(set.spec.selector),
  ];
}

export function printControllerRevision(revision: ControllerRevision, nowMs: number): Cell[] {
  const owner = revision.metadata.ownerReferences?.find((reference) => reference.controller);
  const group = owner ? groupOf(owner.apiVersion) : '';
  const controller = owner && `${group === '' ? owner.kind : `${owner.kind}.${group}`}`.toLowerCase();
  return [
    revision.metadata.name,
    owner ? `${controller}/${owner.name}` : NONE,
    revision.revision,
    age(revision, nowMs),
  ];
}

export function printPodTemplate({ metadata, template }: PodTemplate): Cell[] {
  return [
    metadata.name,
    ...containerCells(template?.spec?.containers),
    formatLabels(template?.metadata?.labels),
  ];
}

function jobState({ metadata, status }: Job): string {
  const conditions = status?.conditions;
  if (isTrue(conditions, 'Complete')) return 'Complete';
  if (isTrue(conditions, 'Failed')) return 'Failed';
  if (metadata.deletionTimestamp) return 'Terminating';
  if (isTrue(conditions, 'Suspended')) return 'Suspended';
  return isTrue(conditions, 'FailureTarget') ? 'FailureTarget' : 'Running';
}

function jobCompletions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration({ status }: Job, nowMs: number): string {
  if (!status?.startTime) return '';
  const endMs = status.completionTime ? Date.parse(status.completionTime) : nowMs;
  return humanDuration(endMs - Date.parse(status.startTime));
}

export function printJob(job: Job, nowMs: number): Cell[] {
  return [
    job.metadata.name,
    jobState(job),
    jobCompletions(job),
    jobDuration(job, nowMs),
    age(job, nowMs),
    ...containerCells(job.spec.template.spec?.containers),
    formatSelector(job.spec.selector),
  ];
}

export function printCronJob(cronJob: CronJob, nowMs: number): Cell[] {
  const { spec, status } = cronJob;
  return [
    cronJob.metadata.name,
    spec.schedule,
    spec.timeZone ?? NONE,
    printBoolean(spec.suspend),
    status?.active?.length ?? 0,
    status?.lastScheduleTime ? since(status.lastScheduleTime, nowMs) : NONE,
    age(cronJob, nowMs),
    ...containerCells(spec.jobTemplate.spec?.template.spec?.containers),
    formatSelector(spec.jobTemplate.spec?.selector),
  ];
}

/** As Kubernetes prints optional booleans: in words, although the column is of type boolean. */
function printBoolean(value: boolean | undefined): string {
  return value === undefined ? '<unset>' : value ? 'True' : 'False';
}
