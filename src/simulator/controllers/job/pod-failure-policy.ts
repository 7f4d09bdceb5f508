import type { Job, PodFailurePolicyRule } from '../../api/batch-v1.generated.js';
import type { ContainerStatus, Pod } from '../../api/core-v1.generated.js';

export interface PolicyVerdict {
  action: PodFailurePolicyRule['action'];
  /** Why, in the words of the Job's condition. */
  message: string;
}

/**
 * What the Job's failure policy says to a failed pod: the first rule that matches decides; none counts it as usual.
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
 */
export function judgeFailedPod(job: Job, pod: Pod): PolicyVerdict {
  for (const [index, rule] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    const matched = matchExitCodes(rule, pod) ?? matchConditions(rule, pod);
    if (matched) {
      return { action: rule.action, message: `${matched} matching ${rule.action} rule at index ${index}` };
    }
  }
  return { action: 'Count', message: '' };
}

const nameOf = ({ metadata: { namespace, name } }: Pod) => `${namespace}/${name}`;

function matchExitCodes({ onExitCodes }: PodFailurePolicyRule, pod: Pod): string | undefined {
  if (!onExitCodes) return undefined;
  const { containerName, operator, values } = onExitCodes;
  const matches = ({ name, state }: ContainerStatus) => {
    const exitCode = state?.terminated?.exitCode;
    if (exitCode === undefined || exitCode === 0) return false;
    if (containerName !== undefined && containerName !== name) return false;
    return values.includes(exitCode) === (operator === 'In');
  };
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const status = statuses.find(matches);
  return (
    status &&
    `Container ${status.name} for pod ${nameOf(pod)} failed with exit code ${status.state?.terminated?.exitCode}`
  );
}

function matchConditions({ onPodConditions }: PodFailurePolicyRule, pod: Pod): string | undefined {
  const condition = pod.status?.conditions?.find((present) =>
    onPodConditions?.some(
      (pattern) => pattern.type === present.type && (pattern.status ?? 'True') === present.status,
    ),
  );
  return condition && `Pod ${nameOf(pod)} has condition ${condition.type}`;
}
