import type { Pod, PodCondition, PodStatus } from '../api/core-v1.generated.js';
import type { ContainerSlot } from './container-slot.js';

export interface PodFacts {
  pod: Pod;
  slots: readonly ContainerSlot[];
  now: string;
  startTime: string;
  podIp: string | undefined;
  hostIp: string;
  /** The pod's network and volumes are there. */
  sandboxReady: boolean;
  /** Decided by the kubelet for the pod as a whole, e.g. DeadlineExceeded. */
  failure: { reason: string; message: string } | undefined;
}

type Phase = NonNullable<PodStatus['phase']>;

/** The status that a kubelet writes for a pod. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ */
export function podStatus(facts: PodFacts): PodStatus {
  const { pod, slots, podIp, hostIp, failure } = facts;
  const of = (...kinds: string[]) =>
    slots.filter((slot) => kinds.includes(slot.kind)).map((slot) => slot.status());
  const phase = failure ? 'Failed' : phaseOf(pod, slots);
  const initial = of('init', 'sidecar');
  const ephemeral = of('ephemeral');
  return {
    ...(pod.status?.nominatedNodeName && { nominatedNodeName: pod.status.nominatedNodeName }),
    conditions: conditionsOf(facts, phase),
    containerStatuses: of('main').sort(byName),
    ...(initial.length > 0 && { initContainerStatuses: initial }),
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(failure && { message: failure.message, reason: failure.reason }),
    observedGeneration: pod.metadata.generation,
    phase,
    ...(podIp && { podIP: podIp, podIPs: [{ ip: podIp }] }),
    qosClass: pod.status?.qosClass,
    resources: pod.spec?.resources ?? {},
    startTime: facts.startTime,
  };
}

const byName = (left: { name: string }, right: { name: string }) => (left.name < right.name ? -1 : 1);

/** Succeeded and Failed only when no container will run again. */
export function phaseOf(pod: Pod, slots: readonly ContainerSlot[]): Phase {
  const policy = pod.spec?.restartPolicy ?? 'Always';
  const inits = slots.filter((slot) => slot.kind === 'init');
  const mains = slots.filter((slot) => slot.kind === 'main');
  if (
    inits.some(
      (slot) =>
        slot.terminated &&
        slot.terminated.exitCode !== 0 &&
        policy === 'Never' &&
        !slot.running &&
        !slot.starting,
    )
  )
    return 'Failed';
  if (inits.some((slot) => !slot.succeeded)) return 'Pending';
  const ended = mains.every((slot) => slot.state.terminated !== undefined && !slot.starting);
  if (ended && (policy === 'Never' || (policy === 'OnFailure' && mains.every((slot) => slot.succeeded))))
    return mains.every((slot) => slot.succeeded) ? 'Succeeded' : 'Failed';
  const everStarted = mains.some((slot) => slot.running ?? slot.terminated);
  const allCreated = mains.every((slot) => slot.running ?? slot.terminated);
  return everStarted && allCreated ? 'Running' : 'Pending';
}

interface Verdict {
  status: boolean;
  reason?: string;
  message?: string;
}

function conditionsOf(facts: PodFacts, phase: Phase): PodCondition[] {
  const { pod, now } = facts;
  const previous = new Map((pod.status?.conditions ?? []).map((condition) => [condition.type, condition]));
  const containersReady = containersReadyOf(facts, phase);
  const own: [string, Verdict][] = [
    [
      'PodReadyToStartContainers',
      { status: facts.sandboxReady && phase !== 'Succeeded' && phase !== 'Failed' },
    ],
    ['Initialized', initializedOf(facts, phase)],
    ['Ready', readyOf(pod, containersReady, previous)],
    ['ContainersReady', containersReady],
    ['PodScheduled', { status: true }],
  ];
  const ownTypes = new Set(own.map(([type]) => type));
  const conditions = own.map(([type, verdict]) => condition(type, verdict, previous.get(type), pod, now));
  return [...(pod.status?.conditions ?? []).filter(({ type }) => !ownTypes.has(type)), ...conditions];
}

/** Kubernetes writes `lastProbeTime: null`, which the generated types, made for reading, leave out. */
const NEVER_PROBED = { lastProbeTime: null } as unknown as Pick<PodCondition, 'lastProbeTime'>;

function condition(
  type: string,
  verdict: Verdict,
  previous: PodCondition | undefined,
  pod: Pod,
  now: string,
): PodCondition {
  const status = verdict.status ? 'True' : 'False';
  return {
    ...NEVER_PROBED,
    lastTransitionTime: previous?.status === status ? (previous.lastTransitionTime ?? now) : now,
    ...(verdict.message && { message: verdict.message }),
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    ...(verdict.reason && { reason: verdict.reason }),
    status,
    type,
  };
}

function initializedOf({ slots }: PodFacts, phase: Phase): Verdict {
  const incomplete = slots.filter(
    (slot) =>
      (slot.kind === 'init' && !slot.succeeded) ||
      (slot.kind === 'sidecar' && !slot.started && phase === 'Pending'),
  );
  if (phase === 'Succeeded') return { status: true, reason: 'PodCompleted' };
  if (incomplete.length === 0) return { status: true };
  const names = incomplete.map((slot) => slot.name).join(' ');
  return {
    status: false,
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${names}]`,
  };
}

function containersReadyOf({ slots }: PodFacts, phase: Phase): Verdict {
  if (phase === 'Succeeded') return { status: false, reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: false, reason: 'PodFailed' };
  const unready = slots.filter((slot) => (slot.kind === 'main' || slot.kind === 'sidecar') && !slot.ready);
  if (unready.length === 0) return { status: true };
  const names = unready.map((slot) => slot.name).join(' ');
  return {
    status: false,
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${names}]`,
  };
}

function readyOf(pod: Pod, containersReady: Verdict, previous: Map<string, PodCondition>): Verdict {
  if (!containersReady.status) return containersReady;
  const gates = pod.spec?.readinessGates ?? [];
  const closed = gates.filter((gate) => previous.get(gate.conditionType)?.status !== 'True');
  if (closed.length === 0) return { status: true };
  const missing = closed.map((gate) =>
    previous.has(gate.conditionType)
      ? `the status of pod readiness gate "${gate.conditionType}" is not "True", but ${previous.get(gate.conditionType)?.status}`
      : `corresponding condition of pod readiness gate "${gate.conditionType}" does not exist.`,
  );
  return { status: false, reason: 'ReadinessGatesNotReady', message: missing.join(', ') };
}
