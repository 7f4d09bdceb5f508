import type { Container, Pod } from '../api/core-v1.generated.js';
import { ApiError } from '../apiserver/api-error.js';
import { type Timer, timestamp } from '../clock/clock.js';
import type { ContainerMount } from '../containers/runtime.js';
import { equalJson } from '../machinery/json.js';
import { quantityToBytes } from '../machinery/quantity.js';
import type { NetworkEndpoint } from '../network/cluster-network.js';
import { ContainerSlot } from './container-slot.js';
import type { EnvironmentSources } from './environment.js';
import type { NodeContext } from './node-context.js';
import { phaseOf, podStatus } from './pod-status.js';
import type { PodWorld } from './pod-world.js';
import { systemFiles } from './system-files.js';
import { MountError, PodVolumes } from './volumes.js';

/** The network of a pod is there about this long after it was scheduled; each pod differs a little. */
const SANDBOX_MS = 180;
const SANDBOX_SPREAD_MS = 160;
/** Waits between attempts to mount, doubling; kubelet's limits are half a second and about two minutes. */
const FIRST_MOUNT_RETRY_MS = 500;
const LAST_MOUNT_RETRY_MS = 122_000;
/** A status that the API server refused for another reason than a conflict is offered again after this time. */
const REWRITE_AFTER_MS = 5000;
/** The API server's default for pods that are deleted without a grace period of their own. */
const DEFAULT_GRACE_SECONDS = 30;

/**
 * The life of one pod on its node: sandbox, volumes, init containers, containers, restarts, end. Woken by what happens
 * (the API server's events, containers that end, timers), never by polling; each time it does what can be done now and
 * writes the status when that has changed.
 */
export class PodWorker implements PodWorld {
  readonly clock;
  readonly volumes: PodVolumes;
  readonly slots: ContainerSlot[] = [];
  readonly hostname: string;
  endpoint: NetworkEndpoint | undefined;
  stopping = false;
  private sandbox: 'none' | 'creating' | 'ready' = 'none';
  private failure: { reason: string; message: string } | undefined;
  /** The pod came to its end in an earlier life of the process: nothing is run and nothing written for it. */
  private readonly isOver: boolean;
  /** The pod runs already, but its processes are not made yet: its status stays as it is. */
  private isResuming: boolean;
  private readonly startTime: string;
  private timer: Timer | undefined;
  private mountRetryMs = FIRST_MOUNT_RETRY_MS;
  private awake = false;
  private writing = false;
  private gone = false;
  private ending: Promise<void> | undefined;

  constructor(
    readonly node: NodeContext,
    public object: Pod,
    /** Its containers run already, if its status says so. */
    containersRun = false,
  ) {
    this.clock = node.clock;
    this.volumes = new PodVolumes(node);
    this.hostname = object.spec?.hostNetwork
      ? node.name
      : (object.spec?.hostname ?? object.metadata.name).slice(0, 63);
    this.startTime = object.status?.startTime ?? timestamp(this.clock);
    const { initContainers = [], containers = [] } = object.spec ?? {};
    for (const each of initContainers)
      this.addSlot(each, each.restartPolicy === 'Always' ? 'sidecar' : 'init');
    for (const each of containers) this.addSlot(each, 'main');
    const phase = object.status?.phase;
    this.isOver = phase === 'Succeeded' || phase === 'Failed';
    this.isResuming = containersRun && phase === 'Running';
    if (this.isResuming) void this.resume();
    else if (object.status?.startTime) this.adopt();
  }

  get hasInitContainers(): boolean {
    return (this.object.spec?.initContainers ?? []).length > 0;
  }

  get podIp(): string {
    return this.endpoint?.ip ?? '';
  }

  get graceMs(): number {
    const { deletionGracePeriodSeconds } = this.object.metadata;
    return (
      1000 *
      (deletionGracePeriodSeconds ?? this.object.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS)
    );
  }

  /** The pod changed in the API server. */
  update(pod: Pod): void {
    const before = this.object;
    this.object = pod;
    for (const each of pod.spec?.ephemeralContainers ?? [])
      if (!this.slots.some((slot) => slot.name === each.name)) this.addSlot(each as Container, 'ephemeral');
    if (
      before.metadata.labels !== pod.metadata.labels ||
      before.metadata.annotations !== pod.metadata.annotations
    )
      this.refreshVolumes();
    this.wake();
  }

  /** The pod is no longer in the API server: whatever still runs ends at once. */
  remove(): void {
    this.gone = true;
    this.stopping = true;
    this.timer?.cancel();
    for (const slot of this.slots) slot.killNow();
    this.leaveNetwork();
    this.node.images.forget(this.object.metadata.uid);
  }

  /** Whether a volume of the pod is made of this ConfigMap or Secret. */
  shows(kind: 'configMap' | 'secret', name: string): boolean {
    const nameOf = (source: { name?: string | undefined; secretName?: string | undefined } | undefined) =>
      source?.name ?? source?.secretName;
    return (this.object.spec?.volumes ?? []).some(
      (volume) =>
        nameOf(volume[kind]) === name ||
        volume.projected?.sources?.some((source) => nameOf(source[kind]) === name),
    );
  }

  /** Brings what the volumes show up to date. */
  refreshVolumes(): void {
    if (this.sandbox === 'ready') this.volumes.refresh(this.sources());
  }

  /** Asks for a look at what is to be done, soon. */
  wake(): void {
    if (this.awake || this.gone) return;
    this.awake = true;
    queueMicrotask(() => {
      this.awake = false;
      if (!this.gone) this.synchronize();
    });
  }

  sources(): EnvironmentSources {
    return { pod: this.object, podIp: this.podIp, node: this.node };
  }

  systemMounts(): ContainerMount[] {
    return systemFiles(this.object, this.hostname, this.podIp, this.clock.now());
  }

  processesOf(containerName: string | undefined) {
    return this.slots.find(({ name }) => name === containerName)?.running?.processes;
  }

  memoryLimitOf(container: Container): number | undefined {
    const limit = container.resources?.limits?.['memory'];
    return limit === undefined ? undefined : quantityToBytes(limit);
  }

  note(type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void {
    this.node.client.note({
      about: this.object,
      type,
      reason,
      message,
      source: 'kubelet',
      ...(fieldPath && { fieldPath }),
    });
  }

  private addSlot(spec: Container, kind: ContainerSlot['kind']): void {
    this.slots.push(new ContainerSlot(spec, kind, this, () => this.wake()));
  }

  /** A pod that this kubelet ran before the process was restarted. */
  private adopt(): void {
    const { initContainerStatuses = [], containerStatuses = [] } = this.object.status ?? {};
    for (const status of [...initContainerStatuses, ...containerStatuses]) {
      const slot = this.slots.find(({ name }) => name === status.name);
      if (this.isOver) slot?.keep(status);
      else slot?.adopt(status);
    }
    if (!this.isOver && containerStatuses.some((status) => status.containerID))
      this.note('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
  }

  /** Makes the processes of a pod of a new cluster, without anything of it being seen. */
  private async resume(): Promise<void> {
    this.sandbox = 'creating';
    const { podIP = '', initContainerStatuses = [], containerStatuses = [] } = this.object.status ?? {};
    try {
      this.endpoint = this.node.network.join(podIP, this.object.metadata.namespace ?? 'default');
      this.node.addresses.claim(podIP);
      await this.volumes.setUp(this.sources());
      if (this.gone || this.stopping) return;
      for (const status of [...initContainerStatuses, ...containerStatuses])
        this.slots.find(({ name }) => name === status.name)?.resume(status);
      this.sandbox = 'ready';
    } catch {
      // Whatever is missing is waited for as with any pod that is started.
      this.sandbox = 'none';
    }
    this.isResuming = false;
    this.wake();
  }

  private synchronize(): void {
    this.timer?.cancel();
    this.timer = undefined;
    if (this.object.metadata.deletionTimestamp) this.ending ??= this.terminate();
    else if (!this.failure && !this.stopping && !this.isOver) this.advance();
    this.writeStatus();
  }

  private advance(): void {
    if (this.exceedsDeadline()) return;
    if (this.sandbox === 'none') {
      this.sandbox = 'creating';
      void this.createSandbox();
    }
    if (this.sandbox !== 'ready') return;
    const waits = this.startContainers();
    const phase = phaseOf(this.object, this.slots);
    if (phase === 'Succeeded' || phase === 'Failed') this.finish();
    else if (waits.length > 0) this.wakeIn(Math.min(...waits));
  }

  private wakeIn(ms: number): void {
    this.timer = this.clock.schedule(Math.max(1, ms), () => this.wake());
  }

  /** Starts every container whose turn it is; returns after how many milliseconds others may be due. */
  private startContainers(): number[] {
    const waits: number[] = [];
    const start = (slot: ContainerSlot) => {
      const wait = slot.startWhenDue();
      if (wait !== undefined) waits.push(wait);
    };
    for (const slot of this.slots.filter(({ kind }) => kind === 'ephemeral'))
      if (!slot.state.terminated) start(slot);
    for (const slot of this.slots.filter(({ kind }) => kind === 'init' || kind === 'sidecar')) {
      if (slot.kind === 'init' && slot.succeeded) continue;
      if (slot.kind === 'sidecar' && slot.started) continue;
      if (!slot.running && this.mayRun(slot)) start(slot);
      return waits;
    }
    for (const slot of this.slots.filter(({ kind }) => kind === 'main'))
      if (!slot.running && this.mayRun(slot)) start(slot);
    return waits;
  }

  private mayRun(slot: ContainerSlot): boolean {
    const ended = slot.state.terminated;
    if (!ended) return true;
    const policy = this.object.spec?.restartPolicy ?? 'Always';
    if (slot.kind === 'sidecar') return true;
    if (slot.kind === 'init') return policy !== 'Never';
    return policy === 'Always' || (policy === 'OnFailure' && ended.exitCode !== 0);
  }

  private async createSandbox(): Promise<void> {
    const spread = Number.parseInt(this.object.metadata.uid.slice(0, 4), 16) % SANDBOX_SPREAD_MS || 0;
    await this.clock.sleep(SANDBOX_MS + spread);
    if (this.gone || this.stopping) return;
    this.endpoint ??= this.joinNetwork();
    try {
      await this.volumes.setUp(this.sources());
      this.sandbox = 'ready';
      this.wake();
    } catch (error) {
      const reason = error instanceof MountError ? error : new MountError(String(error));
      this.note('Warning', 'FailedMount', this.mountMessage(reason));
      this.clock.schedule(this.mountRetryMs, () => void this.createSandbox());
      this.mountRetryMs = Math.min(this.mountRetryMs * 2, LAST_MOUNT_RETRY_MS);
    }
  }

  private mountMessage(error: MountError): string {
    const name = /^(?:configmap|secret|persistentvolumeclaim) "([^"]+)"/.exec(error.message)?.[1];
    const volume = this.object.spec?.volumes?.find(
      (each) => name && JSON.stringify(each).includes(`"${name}"`),
    );
    if (error.message.startsWith('persistentvolumeclaim')) return error.message;
    return `MountVolume.SetUp failed for volume "${volume?.name ?? this.object.spec?.volumes?.[0]?.name}" : ${error.message}`;
  }

  private joinNetwork(): NetworkEndpoint | undefined {
    const namespace = this.object.metadata.namespace ?? 'default';
    if (this.object.spec?.hostNetwork) return this.node.network.join(this.node.ip, namespace);
    const ip = this.node.addresses.allocate();
    if (ip) return this.node.network.join(ip, namespace);
    this.note(
      'Warning',
      'FailedCreatePodSandBox',
      'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: plugin type="ptp" failed (add): failed to allocate for range 0: no IP addresses available in range set',
    );
    return undefined;
  }

  private leaveNetwork(): void {
    if (!this.endpoint) return;
    this.endpoint.leave();
    if (!this.object.spec?.hostNetwork) this.node.addresses.release(this.endpoint.ip);
    this.endpoint = undefined;
  }

  private exceedsDeadline(): boolean {
    const seconds = this.object.spec?.activeDeadlineSeconds;
    if (seconds === undefined) return false;
    const remainingMs = Date.parse(this.startTime) + seconds * 1000 - this.clock.now();
    if (remainingMs > 0) {
      this.clock.schedule(remainingMs, () => this.wake());
      return false;
    }
    if (phaseOf(this.object, this.slots) === 'Succeeded') return false;
    this.failure = {
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    };
    this.note('Normal', 'DeadlineExceeded', this.failure.message);
    this.finish();
    return true;
  }

  /** Nothing of the pod will run again: what is left, sidecars above all, ends. */
  private finish(): void {
    this.stopping = true;
    void Promise.all(this.slots.map((slot) => slot.stop(this.graceMs))).then(() => {
      this.leaveNetwork();
      this.wake();
    });
  }

  /** The pod is being deleted: containers end within the grace period, sidecars after the others, then the pod goes. */
  private async terminate(): Promise<void> {
    this.stopping = true;
    const deadline = this.clock.now() + this.graceMs;
    const remaining = () => Math.max(0, deadline - this.clock.now());
    const end = async (slot: ContainerSlot) => {
      if (!slot.running) return;
      slot.note('Normal', 'Killing', `Stopping container ${slot.name}`);
      await slot.stop(remaining());
    };
    await Promise.all(this.slots.filter(({ kind }) => kind !== 'sidecar').map(end));
    for (const slot of this.slots.filter(({ kind }) => kind === 'sidecar').reverse()) await end(slot);
    if (this.gone) return;
    await this.flushStatus();
    this.leaveNetwork();
    const { namespace, name, uid } = this.object.metadata;
    await this.node.client.delete('pods', namespace, name, { gracePeriodSeconds: 0, uid }).catch(() => {});
  }

  private async flushStatus(): Promise<void> {
    this.writeStatus();
    while (this.writing) await new Promise((resolve) => setImmediate(resolve));
  }

  private currentPod(): Pod {
    const { namespace, name, uid } = this.object.metadata;
    const current = this.node.client.get<Pod>('pods', namespace, name);
    return current?.metadata.uid === uid ? current : this.object;
  }

  /** Writes the status when it differs from the one in the API server; one write at a time. */
  private writeStatus(): void {
    if (this.writing || this.gone || this.isOver || this.isResuming) return;
    const pod = this.currentPod();
    const status = podStatus({
      pod,
      slots: this.slots,
      now: timestamp(this.clock),
      startTime: this.startTime,
      podIp: this.endpoint?.ip ?? pod.status?.podIP,
      hostIp: this.node.ip,
      sandboxReady: this.sandbox === 'ready',
      failure: this.failure,
    });
    if (equalJson(status, pod.status)) return;
    this.writing = true;
    void this.node.client
      .updateStatus<Pod>('pods', { ...pod, status })
      .then(
        (written) => {
          if (!this.gone) this.object = written;
          return 0;
        },
        (error: unknown) => (error instanceof ApiError && error.code === 409 ? 0 : REWRITE_AFTER_MS),
      )
      .then((waitMs) => {
        this.writing = false;
        if (waitMs === 0) this.wake();
        else this.clock.schedule(waitMs, () => this.wake());
      });
  }
}
