import type { Container, Pod } from '../api/core-v1.generated.js';
import { quantityToBytes, quantityToMillis } from '../machinery/quantity.js';

/** Amounts by resource name; `cpu` in millicores, all others in units (bytes, pieces). */
export type Resources = Record<string, number>;

/** What a container without requests counts for when nodes are compared, so that such pods are spread too. */
const NOMINAL: Resources = { cpu: 100, memory: 200 * 1024 * 1024 };

export function parseResources(list: Record<string, string> | undefined): Resources {
  const resources: Resources = {};
  for (const [name, quantity] of Object.entries(list ?? {})) {
    resources[name] = name === 'cpu' ? quantityToMillis(quantity) : quantityToBytes(quantity);
  }
  return resources;
}

export function addResources(left: Resources, right: Resources, sign: 1 | -1 = 1): Resources {
  const sum = { ...left };
  for (const [name, amount] of Object.entries(right)) sum[name] = (sum[name] ?? 0) + sign * amount;
  return sum;
}

/**
 * What a pod needs of its node: its containers and sidecars together, or the largest init container with the sidecars
 * that started before it, plus overhead; requests of the pod as a whole take their place.
 * https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
 */
export function podRequests(pod: Pod): Resources {
  return totalRequests(pod, (container) => parseResources(container.resources?.requests));
}

/** As `podRequests`, with a nominal amount for containers that request nothing. */
export function nominalRequests(pod: Pod): Resources {
  return totalRequests(pod, (container) => ({
    ...NOMINAL,
    ...parseResources(container.resources?.requests),
  }));
}

function totalRequests(pod: Pod, requestsOf: (container: Container) => Resources): Resources {
  const { containers, initContainers = [], overhead, resources } = pod.spec;
  let running: Resources = {};
  let peak: Resources = {};
  for (const container of initContainers) {
    const requests = requestsOf(container);
    if (container.restartPolicy === 'Always') running = addResources(running, requests);
    peak = largest(peak, container.restartPolicy === 'Always' ? running : addResources(running, requests));
  }
  for (const container of containers) running = addResources(running, requestsOf(container));
  const needed = { ...largest(peak, running), ...parseResources(resources?.requests) };
  return overhead ? addResources(needed, parseResources(overhead)) : needed;
}

function largest(left: Resources, right: Resources): Resources {
  const result = { ...left };
  for (const [name, amount] of Object.entries(right)) result[name] = Math.max(result[name] ?? 0, amount);
  return result;
}
