/** What the scheduler's PostFilter of dynamic resource allocation says to every pod, before preemption speaks. */
const NO_CLAIMS = 'no new claims to deallocate';

/** `0/3 nodes are available: 1 Insufficient cpu, 2 Too many pods.`, each reason with the number of nodes it was given for. */
export function unavailable(nodeCount: number, reasons: Iterable<string>): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const histogram = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodeCount} nodes are available: ${histogram.join(', ')}.`;
}

/** As `unavailable`, for a pod that no node could ever take as things are. */
export function unavailableToAll(nodeCount: number, reason: string): string {
  return `0/${nodeCount} nodes are available: ${reason}.`;
}

/** With what became of preemption; nothing is added when it found a node. */
export function withPreemption(message: string, refusal: string | undefined): string {
  return refusal === undefined ? message : `${message} ${NO_CLAIMS}, preemption: ${refusal}`;
}
