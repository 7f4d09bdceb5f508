import type { ContainerPort, Pod } from '../../api/core-v1.generated.js';
import { type Filter, rejected } from '../filter.js';

/** Two pods on a node cannot have the same port of the node, of the same protocol and address. */
export const hostPorts: Filter = (pod) => {
  const wanted = hostPortsOf(pod);
  if (wanted.length === 0) return undefined;
  return (node) =>
    node.pods.some((other) => hostPortsOf(other).some((port) => wanted.some((mine) => clash(mine, port))))
      ? rejected("node(s) didn't have free ports for the requested pod ports")
      : undefined;
};

function hostPortsOf({ spec: { containers, initContainers = [] } }: Pod): ContainerPort[] {
  const sidecars = initContainers.filter((container) => container.restartPolicy === 'Always');
  return [...containers, ...sidecars]
    .flatMap((container) => container.ports ?? [])
    .filter((port) => (port.hostPort ?? 0) > 0);
}

const ANY = '0.0.0.0';

function clash(a: ContainerPort, b: ContainerPort): boolean {
  const [addressA, addressB] = [a.hostIP || ANY, b.hostIP || ANY];
  return (
    a.hostPort === b.hostPort &&
    (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP') &&
    (addressA === addressB || addressA === ANY || addressB === ANY)
  );
}
