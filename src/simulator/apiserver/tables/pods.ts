import type {
  Container,
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  Pod,
  PodStatus,
} from '../../api/core-v1.generated.js';
import { age, type Cell, isTrue, NONE, since } from './cell.js';

/** What the columns Ready, Status and Restarts say. */
interface Summary {
  ready: number;
  total: number;
  reason: string;
  restarts: number;
  /** RFC 3339; when the container that ended last did so. */
  lastRestart?: string | undefined;
}

const isSidecar = (container: Container | undefined) => container?.restartPolicy === 'Always';

function noteRestarts(summary: Summary, status: ContainerStatus): void {
  summary.restarts += status.restartCount;
  const finished = status.lastState?.terminated?.finishedAt;
  if (!finished) return;
  if (!summary.lastRestart || Date.parse(summary.lastRestart) < Date.parse(finished))
    summary.lastRestart = finished;
}

function terminationReason(terminated: ContainerStateTerminated): string {
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

/** Why an init container holds the pod up, or undefined when it does not. */
function initReason(state: ContainerState, index: number, count: number): string {
  if (state.terminated) return `Init:${terminationReason(state.terminated)}`;
  const waiting = state.waiting?.reason;
  return waiting && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${index}/${count}`;
}

/** Goes through the init containers up to the first unfinished one; tells whether there is one. */
function summarizeInit(pod: Pod, summary: Summary, sidecars: Summary): boolean {
  const specs = pod.spec.initContainers ?? [];
  const byName = new Map(specs.map((container) => [container.name, container]));
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const sidecar = isSidecar(byName.get(status.name));
    noteRestarts(summary, status);
    if (sidecar) noteRestarts(sidecars, status);
    if (status.state?.terminated?.exitCode === 0) continue;
    if (sidecar && status.started) {
      if (status.ready) summary.ready++;
      continue;
    }
    summary.reason = initReason(status.state ?? {}, index, specs.length);
    return true;
  }
  return false;
}

function summarizeMain(status: PodStatus, summary: Summary): void {
  let running = false;
  // Last to first, so that the first container's state has the last word.
  for (const container of [...(status.containerStatuses ?? [])].reverse()) {
    noteRestarts(summary, container);
    const { waiting, terminated, running: runs } = container.state ?? {};
    if (waiting?.reason) summary.reason = waiting.reason;
    else if (terminated) summary.reason = terminationReason(terminated);
    else if (container.ready && runs) {
      running = true;
      summary.ready++;
    }
  }
  if (summary.reason === 'Completed' && running)
    summary.reason = isTrue(status.conditions, 'Ready') ? 'Running' : 'NotReady';
}

const isTerminal = (phase: string | undefined) => phase === 'Succeeded' || phase === 'Failed';

function summarize(pod: Pod): Summary {
  const status = pod.status ?? {};
  const sidecarCount = (pod.spec.initContainers ?? []).filter(isSidecar).length;
  const gated = status.conditions?.some(
    (condition) => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated',
  );
  const summary: Summary = {
    ready: 0,
    total: pod.spec.containers.length + sidecarCount,
    reason: gated ? 'SchedulingGated' : status.reason || status.phase || '',
    restarts: 0,
  };
  const sidecars: Summary = { ...summary };
  const initializing = summarizeInit(pod, summary, sidecars);
  if (!initializing || isTrue(status.conditions, 'Initialized')) {
    summary.restarts = sidecars.restarts;
    summary.lastRestart = sidecars.lastRestart;
    summarizeMain(status, summary);
  }
  if (pod.metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') summary.reason = 'Unknown';
    else if (!isTerminal(status.phase)) summary.reason = 'Terminating';
  }
  return summary;
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  const passed = gates.filter((gate) => isTrue(pod.status?.conditions, gate.conditionType)).length;
  return gates.length === 0 ? NONE : `${passed}/${gates.length}`;
}

/**
 * The row of `kubectl get pods`: Init:0/1, PodInitializing, CrashLoopBackOff, Completed, Terminating and the like are
 * worked out here, not stored; https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
 */
export function printPod(pod: Pod, nowMs: number): Cell[] {
  const { ready, total, reason, restarts, lastRestart } = summarize(pod);
  return [
    pod.metadata.name,
    `${ready}/${total}`,
    reason,
    restarts !== 0 && lastRestart ? `${restarts} (${since(lastRestart, nowMs)} ago)` : `${restarts}`,
    age(pod, nowMs),
    pod.status?.podIPs?.[0]?.ip || NONE,
    pod.spec.nodeName || NONE,
    pod.status?.nominatedNodeName || NONE,
    readinessGates(pod),
  ];
}

/** Tells kubectl that a finished pod needs no watching (`conditions` of its table row). */
export function podRowConditions(
  phase: string | undefined,
): { type: string; [key: string]: string }[] | undefined {
  if (!isTerminal(phase)) return undefined;
  const message = phase === 'Succeeded' ? 'The pod has completed successfully.' : 'The pod failed.';
  return [{ type: 'Completed', status: 'True', reason: phase ?? '', message }];
}
