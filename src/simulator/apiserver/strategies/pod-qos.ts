import type { Container, PodSpec } from '../../api/core-v1.generated.js';
import { equalQuantities, isZeroQuantity } from './quantities.js';

const COUNTED = ['cpu', 'memory'];

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
export function qosClassOf(spec: PodSpec | undefined): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  if (!containers.some(asksForSomething)) return 'BestEffort';
  return containers.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

function asksForSomething({ resources }: Container): boolean {
  return COUNTED.some((name) =>
    [resources?.requests?.[name], resources?.limits?.[name]].some(
      (quantity) => quantity !== undefined && !isZeroQuantity(quantity),
    ),
  );
}

function isGuaranteed({ resources }: Container): boolean {
  return COUNTED.every((name) => {
    const limit = resources?.limits?.[name];
    const request = resources?.requests?.[name] ?? limit;
    return (
      limit !== undefined &&
      request !== undefined &&
      !isZeroQuantity(limit) &&
      equalQuantities(request, limit)
    );
  });
}
