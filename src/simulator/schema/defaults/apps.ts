import { objectIn } from './core.js';
import type { Defaulter } from './defaulter.js';

/** How many templates a DaemonSet has had; a field of the server's own type, which v1 shows as an annotation. */
export const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

/** Defaults of the apps group, by type; https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/ */
export const APPS_DEFAULTS: Record<string, Defaulter> = {
  'apps.v1.DeploymentSpec': (spec) => {
    spec['replicas'] ??= 1;
    spec['revisionHistoryLimit'] ??= 10;
    spec['progressDeadlineSeconds'] ??= 600;
    objectIn(spec, 'strategy')['type'] ??= 'RollingUpdate';
  },
  'apps.v1.DeploymentStrategy': (strategy) => {
    if (strategy['type'] !== 'RollingUpdate') return;
    const rollingUpdate = objectIn(strategy, 'rollingUpdate');
    rollingUpdate['maxUnavailable'] ??= '25%';
    rollingUpdate['maxSurge'] ??= '25%';
  },
  'apps.v1.ReplicaSetSpec': (spec) => {
    spec['replicas'] ??= 1;
  },
  'apps.v1.StatefulSetSpec': (spec) => {
    spec['replicas'] ??= 1;
    spec['revisionHistoryLimit'] ??= 10;
    spec['podManagementPolicy'] ??= 'OrderedReady';
    objectIn(spec, 'updateStrategy')['type'] ??= 'RollingUpdate';
    const retention = objectIn(spec, 'persistentVolumeClaimRetentionPolicy');
    retention['whenDeleted'] ??= 'Retain';
    retention['whenScaled'] ??= 'Retain';
  },
  'apps.v1.StatefulSetUpdateStrategy': (strategy) => {
    if (strategy['type'] === 'RollingUpdate') objectIn(strategy, 'rollingUpdate')['partition'] ??= 0;
  },
  'apps.v1.DaemonSet': (set) => {
    objectIn(objectIn(set, 'metadata'), 'annotations')[TEMPLATE_GENERATION] ??= '0';
  },
  'apps.v1.DaemonSetSpec': (spec) => {
    spec['revisionHistoryLimit'] ??= 10;
    objectIn(spec, 'updateStrategy')['type'] ??= 'RollingUpdate';
  },
  'apps.v1.DaemonSetUpdateStrategy': (strategy) => {
    if (strategy['type'] !== 'RollingUpdate') return;
    const rollingUpdate = objectIn(strategy, 'rollingUpdate');
    rollingUpdate['maxUnavailable'] ??= 1;
    rollingUpdate['maxSurge'] ??= 0;
  },
};
