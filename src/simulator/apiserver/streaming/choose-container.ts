import type { Pod } from '../../api/core-v1.generated.js';
import { badRequest } from '../api-error.js';

const names = (containers: readonly { name: string }[] | undefined) =>
  (containers ?? []).map((container) => container.name);

/**
 * The container that a request for logs, a command or a terminal is about: the one it names, or the pod's only one.
 * Throws a 400 `ApiError` when that is not clear.
 */
export function chooseContainer(pod: Pod, requested: string | null): string {
  const { containers, initContainers, ephemeralContainers } = pod.spec;
  const podName = pod.metadata.name;
  if (requested) {
    const all = [containers, initContainers, ephemeralContainers].flatMap(names);
    if (all.includes(requested)) return requested;
    throw badRequest(`container ${requested} is not valid for pod ${podName}`);
  }
  const [only, ...others] = names(containers);
  if (only !== undefined && others.length === 0) return only;
  const init = names(initContainers);
  const orInit = init.length > 0 ? ` or one of the init containers: [${init.join(' ')}]` : '';
  throw badRequest(
    `a container name must be specified for pod ${podName}, choose one of: [${names(containers).join(' ')}]${orInit}`,
  );
}

/** Throws a 400 `ApiError` when no node runs the pod yet. */
export function requireNode(pod: Pod): void {
  if (!pod.spec.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
}
