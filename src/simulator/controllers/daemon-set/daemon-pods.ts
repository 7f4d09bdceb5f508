import type { ControllerRevision, DaemonSet } from '../../api/apps-v1.generated.js';
import type { Node, Pod, Taint, Toleration } from '../../api/core-v1.generated.js';
import type { Client } from '../../client.js';
import type { Draft } from '../../object.js';
import { nodeAffinity } from '../../scheduler/filters/node-affinity.js';
import { nodeName } from '../../scheduler/filters/node-name.js';
import { toleratesTaint } from '../../scheduler/filters/taints.js';
import { NodeInfo } from '../../scheduler/node-info.js';
import { podFromTemplate } from '../shared/pod-control.js';

export const REVISION_LABEL = 'controller-revision-hash';
const TEMPLATE_GENERATION = 'pod-template-generation';
const TEMPLATE_GENERATION_ANNOTATION = 'deprecated.daemonset.template.generation';
const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

const tolerate = (key: string, effect: Taint['effect']): Toleration => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect,
});

/** What daemon pods put up with: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations */
const TOLERATIONS: Toleration[] = [
  tolerate('not-ready', 'NoExecute'),
  tolerate('unreachable', 'NoExecute'),
  tolerate('disk-pressure', 'NoSchedule'),
  tolerate('memory-pressure', 'NoSchedule'),
  tolerate('pid-pressure', 'NoSchedule'),
  tolerate('unschedulable', 'NoSchedule'),
];

/** The set's pod for one node, which its affinity ties to that node. */
export function daemonPod(set: DaemonSet, revision: ControllerRevision, node: string): Draft<Pod> {
  const pod = podFromTemplate(set.spec.template, set);
  const generation = set.metadata.annotations?.[TEMPLATE_GENERATION_ANNOTATION];
  pod.metadata.labels = {
    ...pod.metadata.labels,
    [REVISION_LABEL]: hashOf(revision),
    ...(generation !== undefined && { [TEMPLATE_GENERATION]: generation }),
  };
  const added = pod.spec.hostNetwork
    ? [...TOLERATIONS, tolerate('network-unavailable', 'NoSchedule')]
    : TOLERATIONS;
  const tolerations = pod.spec.tolerations ?? [];
  const missing = added.filter(
    (wanted) =>
      !tolerations.some(
        ({ key, effect, operator }) =>
          key === wanted.key && effect === wanted.effect && operator === 'Exists',
      ),
  );
  const { affinity = {} } = pod.spec;
  pod.spec = {
    ...pod.spec,
    affinity: {
      ...affinity,
      nodeAffinity: {
        ...affinity.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
        },
      },
    },
    tolerations: [...tolerations, ...missing],
  };
  return pod;
}

export const hashOf = (revision: ControllerRevision) => revision.metadata.labels?.[REVISION_LABEL] ?? '';

/** The node a daemon pod is on or made for. */
export function nodeOf({ spec }: Pod): string | undefined {
  const terms =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const wanted = terms.flatMap(({ matchFields = [] }) =>
    matchFields.filter(({ key }) => key === 'metadata.name').flatMap(({ values = [] }) => values),
  );
  return spec.nodeName ?? wanted[0];
}

export interface Placement {
  shouldRun: boolean;
  /** A pod that is there may stay. */
  mayStay: boolean;
}

/** Whether the set wants a pod on this node. */
export function placementOn(client: Client, set: DaemonSet, node: Node): Placement {
  const { template } = set.spec;
  const tolerations = [...(template.spec?.tolerations ?? []), ...TOLERATIONS];
  const pod = { spec: { ...template.spec, tolerations } } as Pod;
  const info = new NodeInfo(node);
  const view = { nodes: [info], client };
  if (nodeName(pod, view)?.(info) || nodeAffinity(pod, view)?.(info))
    return { shouldRun: false, mayStay: false };
  const taints = [...(node.spec.taints ?? []), ...(node.spec.unschedulable ? [UNSCHEDULABLE] : [])];
  const untolerated = taints.filter(
    (taint) => taint.effect !== 'PreferNoSchedule' && !toleratesTaint(pod, taint),
  );
  return {
    shouldRun: untolerated.length === 0,
    mayStay: untolerated.every((taint) => taint.effect !== 'NoExecute'),
  };
}
