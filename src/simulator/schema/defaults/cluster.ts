import { isObject, type JsonObject } from '../../machinery/json.js';
import type { Defaulter } from './defaulter.js';

const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** Defaults of autoscaling, networking, discovery, RBAC, storage and scheduling, by type. */
export const CLUSTER_DEFAULTS: Record<string, Defaulter> = {
  'autoscaling.v1.HorizontalPodAutoscalerSpec': (spec) => {
    spec['minReplicas'] ??= 1;
  },
  'autoscaling.v2.HorizontalPodAutoscalerSpec': (spec) => {
    spec['minReplicas'] ??= 1;
    spec['metrics'] ??= [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
      },
    ];
  },
  'autoscaling.v2.HorizontalPodAutoscalerBehavior': defaultScalingBehavior,

  'networking.v1.NetworkPolicySpec': (spec) => {
    const egress = spec['egress'];
    spec['policyTypes'] ??= Array.isArray(egress) && egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  'networking.v1.NetworkPolicyPort': (port) => {
    port['protocol'] ??= 'TCP';
  },
  'networking.v1.IngressClassParametersReference': (parameters) => {
    parameters['scope'] ??= 'Cluster';
  },
  'discovery.v1.EndpointPort': (port) => {
    port['name'] ??= '';
    port['protocol'] ??= 'TCP';
  },

  'rbac.v1.RoleRef': (roleRef) => {
    roleRef['apiGroup'] = roleRef['apiGroup'] || RBAC_GROUP;
  },
  'rbac.v1.Subject': (subject) => {
    if (subject['kind'] === 'User' || subject['kind'] === 'Group') subject['apiGroup'] ??= RBAC_GROUP;
  },

  'storage.v1.StorageClass': (storageClass) => {
    storageClass['reclaimPolicy'] ??= 'Delete';
    storageClass['volumeBindingMode'] ??= 'Immediate';
  },
  'storage.v1.CSIDriverSpec': (spec) => {
    spec['attachRequired'] ??= true;
    spec['podInfoOnMount'] ??= false;
    spec['storageCapacity'] ??= false;
    spec['fsGroupPolicy'] ??= 'ReadWriteOnceWithFSType';
    spec['volumeLifecycleModes'] ??= ['Persistent'];
    spec['requiresRepublish'] ??= false;
    spec['seLinuxMount'] ??= false;
  },

  'scheduling.v1.PriorityClass': (priorityClass) => {
    priorityClass['preemptionPolicy'] ??= 'PreemptLowerPriority';
  },
};

interface ScalingRules {
  stabilizationWindowSeconds?: number;
  policies: { type: string; value: number; periodSeconds: number }[];
}

/** https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#default-behavior */
const SCALING_RULES: Record<string, ScalingRules> = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  },
  scaleDown: { policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
};

/** Rules that are not given at all stay so on request of one direction only: both are filled in. */
function defaultScalingBehavior(behavior: JsonObject): void {
  for (const [direction, standard] of Object.entries(SCALING_RULES)) {
    const given = behavior[direction];
    behavior[direction] = {
      ...structuredClone(standard),
      selectPolicy: 'Max',
      ...(isObject(given) ? given : {}),
    };
  }
}
