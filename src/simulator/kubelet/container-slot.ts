import { randomBytes } from 'node:crypto';
import type {
  Container,
  ContainerState,
  ContainerStatus,
  EphemeralContainer,
} from '../api/core-v1.generated.js';
import { timestamp } from '../clock/clock.js';
import { ContainerLog } from '../containers/container-log.js';
import type { Image } from '../containers/image.js';
import {
  type ContainerEnd,
  type ContainerMount,
  type RunningContainer,
  StartError,
} from '../containers/runtime.js';
import type { NetworkEndpoint } from '../network/cluster-network.js';
import { BackOff } from './back-off.js';
import { expand, resolveEnvironment, statusResources } from './environment.js';
import { formatGoDuration } from './go-duration.js';
import { runHook } from './lifecycle-hooks.js';
import type { PodWorld } from './pod-world.js';
import { Probes } from './probes.js';
import { userOf } from './security.js';
import { RETRY_AFTER_MS, WaitingError } from './waiting-error.js';

/** Creating and starting a container takes about this long. */
const CREATE_MS = 60;
/** The kubelet looks for containers that ended once a second; a restart is not sooner. */
export const RELIST_MS = 1000;

export type SlotKind = 'init' | 'sidecar' | 'main' | 'ephemeral';

/** One container of a pod through all its runs: pull, create, run, end, wait, again. */
export class ContainerSlot {
  state: ContainerState;
  lastState: ContainerState = {};
  restartCount = 0;
  /** True while it is being started: pulling, creating. */
  starting = false;
  running: RunningContainer | undefined;
  log: ContainerLog | undefined;
  previousLog: ContainerLog | undefined;
  probes: Probes | undefined;
  env: Record<string, string> = {};
  private image: Image | undefined;
  private containerId: string | undefined;
  private retryAtMs = 0;
  private exitedAtMs = 0;
  private readonly backOff = new BackOff();
  private isRestart = false;

  constructor(
    readonly spec: Container,
    readonly kind: SlotKind,
    private readonly pod: PodWorld,
    private readonly onChange: () => void,
  ) {
    this.state = { waiting: { reason: pod.hasInitContainers ? 'PodInitializing' : 'ContainerCreating' } };
  }

  get name(): string {
    return this.spec.name;
  }

  get fieldPath(): string {
    const list = {
      init: 'initContainers',
      sidecar: 'initContainers',
      main: 'containers',
      ephemeral: 'ephemeralContainers',
    };
    return `spec.${list[this.kind]}{${this.name}}`;
  }

  get terminated() {
    return this.state.terminated ?? (this.state.waiting ? this.lastState.terminated : undefined);
  }

  get succeeded(): boolean {
    return this.state.terminated?.exitCode === 0;
  }

  /** Whether it has passed its startup probe, or has none. */
  get started(): boolean {
    return this.running !== undefined && (this.probes?.started ?? true);
  }

  get ready(): boolean {
    if (this.kind === 'init') return this.succeeded;
    return this.running !== undefined && this.started && (this.probes?.ready ?? true);
  }

  /** Shows what a status says of a container that will not run again. */
  keep(status: ContainerStatus): void {
    this.state = status.state ?? {};
    this.lastState = status.lastState ?? {};
    this.restartCount = status.restartCount;
  }

  /** Takes over what a status says from before the process was restarted: its container was lost. */
  adopt(status: ContainerStatus): void {
    this.restartCount = status.restartCount + (status.state?.running ? 1 : 0);
    if (status.state?.running)
      this.lastState = {
        terminated: {
          containerID: status.containerID,
          exitCode: 255,
          reason: 'Unknown',
          startedAt: status.state.running.startedAt,
          finishedAt: timestamp(this.pod.clock),
        },
      };
    else
      this.lastState = status.state?.terminated
        ? { terminated: status.state.terminated }
        : (status.lastState ?? {});
    if (this.kind === 'init' && status.state?.terminated?.exitCode === 0) this.state = status.state;
  }

  /** Goes on with the container that a status has as running, as in a new cluster. Throws WaitingError. */
  resume(status: ContainerStatus): void {
    this.keep(status);
    this.image = this.pod.node.images.find(this.spec.image ?? '');
    if (!this.image || !status.state?.running) return;
    const mounts = this.prepare(this.image);
    this.containerId = status.containerID;
    const running = this.run(this.image, mounts);
    this.probes = new Probes(this, this.pod, running, this.onChange);
    this.probes.ready = status.ready;
    this.probes.start();
  }

  /**
   * Starts the container when it may start now. Returns the milliseconds after which to ask again, undefined when
   * nothing is to be waited for: `onChange` tells of all that happens later.
   */
  startWhenDue(): number | undefined {
    if (this.starting || this.running) return undefined;
    const now = this.pod.clock.now();
    if (now < this.retryAtMs) return this.retryAtMs - now;
    const ended = this.state.terminated ?? (this.containerId ? this.lastState.terminated : undefined);
    if (ended) {
      const sinceExitMs = now - this.exitedAtMs;
      if (sinceExitMs < RELIST_MS) return RELIST_MS - sinceExitMs;
      const remainingMs = this.backOff.remaining(this.exitedAtMs, now);
      if (remainingMs > 0) {
        this.showCrashLoop(remainingMs);
        return remainingMs;
      }
      this.backOff.advance(now);
      this.isRestart = true;
    }
    this.starting = true;
    void this.start().finally(() => {
      this.starting = false;
      this.onChange();
    });
    return undefined;
  }

  /** Ends the running container: preStop hook, stop signal, and SIGKILL when the grace period is over. */
  async stop(graceMs: number): Promise<void> {
    const { running } = this;
    if (!running) return;
    this.probes?.stop();
    const deadline = new AbortController();
    const timer = this.pod.clock.schedule(graceMs, () => {
      deadline.abort();
      running.signal('SIGKILL');
    });
    const hook = this.spec.lifecycle?.preStop;
    if (hook && graceMs > 0) {
      const failure = await runHook(hook, this.hookTarget(running), deadline.signal);
      if (failure && !deadline.signal.aborted)
        this.note('Warning', 'FailedPreStopHook', `PreStopHook failed`);
    }
    running.signal(this.image?.stopSignal ?? 'SIGTERM');
    await running.exited;
    timer.cancel();
  }

  killNow(): void {
    this.probes?.stop();
    this.running?.signal('SIGKILL');
  }

  note(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.pod.note(type, reason, message, this.fieldPath);
  }

  status(): ContainerStatus {
    const waits = this.state.waiting !== undefined;
    return {
      ...(this.kind === 'ephemeral' ? {} : statusResources(this.spec)),
      ...(this.containerId && { containerID: this.containerId }),
      image: this.image?.name ?? this.spec.image ?? '',
      imageID: this.image?.id ?? '',
      lastState: this.lastState,
      name: this.name,
      ready: this.ready,
      restartCount: this.restartCount,
      ...(this.kind !== 'ephemeral' && { started: this.started }),
      state: this.state,
      ...(!waits && {
        user: {
          linux: {
            gid: userOf(this.spec, this.pod.object, this.image).gid,
            supplementalGroups: [userOf(this.spec, this.pod.object, this.image).gid],
            uid: userOf(this.spec, this.pod.object, this.image).uid,
          },
        },
      }),
      ...(this.spec.volumeMounts?.length && {
        volumeMounts: this.spec.volumeMounts.map((mount) => ({
          mountPath: mount.mountPath,
          name: mount.name,
          ...(mount.readOnly && { readOnly: true, recursiveReadOnly: 'Disabled' }),
        })),
      }),
    };
  }

  private showCrashLoop(remainingMs: number): void {
    if (this.state.waiting?.reason === 'CrashLoopBackOff') return;
    if (this.state.terminated) this.lastState = { terminated: this.state.terminated };
    const { name, namespace, uid } = this.pod.object.metadata;
    const waitMs = Math.max(this.backOff.currentMs, remainingMs);
    this.state = {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: `back-off ${formatGoDuration(waitMs)} restarting failed container=${this.name} pod=${name}_${namespace}(${uid})`,
      },
    };
    this.note(
      'Warning',
      'BackOff',
      `Back-off restarting failed container ${this.name} in pod ${name}_${namespace}(${uid})`,
    );
    this.onChange();
  }

  private async start(): Promise<void> {
    const { clock } = this.pod;
    try {
      this.image = await this.pod.node.images.ensure(this.pod.object, this.spec, this.fieldPath);
      const mounts = this.prepare(this.image);
      await clock.sleep(CREATE_MS);
      if (this.pod.stopping) return;
      this.launch(this.image, mounts);
    } catch (error) {
      if (error instanceof StartError) this.failToStart(error);
      else
        this.wait(
          error instanceof WaitingError
            ? error
            : new WaitingError('CreateContainerError', String(error), RETRY_AFTER_MS),
        );
      return;
    }
    await this.afterStart();
  }

  /** The environment and the mounts; throws WaitingError when something that the container refers to is missing. */
  private prepare(image: Image): ContainerMount[] {
    const { pod } = this;
    const user = userOf(this.spec, pod.object, image);
    const mustNotBeRoot =
      this.spec.securityContext?.runAsNonRoot ?? pod.object.spec?.securityContext?.runAsNonRoot;
    try {
      if (mustNotBeRoot && user.uid === 0)
        throw new WaitingError(
          'CreateContainerConfigError',
          `container has runAsNonRoot and image will run as root (pod: "${pod.object.metadata.name}_${pod.object.metadata.namespace}(${pod.object.metadata.uid})", container: ${this.name})`,
          RETRY_AFTER_MS,
        );
      this.env = resolveEnvironment(this.spec, pod.sources(), image.env, pod.hostname);
    } catch (error) {
      if (error instanceof WaitingError) this.note('Warning', 'Failed', `Error: ${error.message}`);
      throw error;
    }
    return [...pod.systemMounts(), ...pod.volumes.mountsOf(this.spec, this.env)];
  }

  private launch(image: Image, mounts: ContainerMount[]): void {
    this.remember();
    if (this.isRestart) this.restartCount++;
    this.isRestart = false;
    this.containerId = `containerd://${randomBytes(32).toString('hex')}`;
    this.note('Normal', 'Created', 'Container created');
    this.run(image, mounts);
    this.state = { running: { startedAt: timestamp(this.pod.clock) } };
    this.note('Normal', 'Started', 'Container started');
  }

  private run(image: Image, mounts: ContainerMount[]): RunningContainer {
    const { pod, spec } = this;
    this.log = new ContainerLog(() => pod.clock.now());
    const words = (list: string[] | undefined) => list?.map((word) => expand(word, (name) => this.env[name]));
    const command = words(spec.command);
    const running = pod.node.runtime.start({
      image,
      argv: [...(command ?? image.entrypoint), ...(words(spec.args) ?? (command ? [] : image.cmd))],
      env: this.env,
      workingDir: spec.workingDir ?? image.workingDir,
      user: userOf(spec, pod.object, image),
      hostname: pod.hostname,
      mounts,
      network: pod.endpoint as NetworkEndpoint,
      log: this.log,
      stdin: spec.stdin ?? false,
      tty: spec.tty ?? false,
      memoryLimitBytes: pod.memoryLimitOf(spec),
      processes: pod.processesOf((spec as EphemeralContainer).targetContainerName),
    });
    this.running = running;
    void running.exited.then((end) => this.exit(end));
    return running;
  }

  /** What ran before becomes `lastState` and the log of `--previous`. */
  private remember(): void {
    if (this.state.terminated) this.lastState = { terminated: this.state.terminated };
    if (this.log) this.previousLog = this.log;
  }

  private async afterStart(): Promise<void> {
    const { running } = this;
    if (!running) return;
    const hook = this.spec.lifecycle?.postStart;
    if (hook) {
      const failure = await runHook(hook, this.hookTarget(running), new AbortController().signal);
      if (failure && this.running === running) {
        this.note('Warning', 'FailedPostStartHook', 'PostStartHook failed');
        this.note('Normal', 'Killing', 'FailedPostStartHook');
        return this.stop(this.pod.graceMs);
      }
    }
    if (this.running !== running) return;
    this.probes = new Probes(this, this.pod, running, this.onChange);
    this.probes.start();
  }

  private hookTarget(running: RunningContainer) {
    return { running, container: this.spec, podIp: this.pod.podIp, node: this.pod.node };
  }

  private wait(error: WaitingError): void {
    if (this.state.terminated) this.lastState = { terminated: this.state.terminated };
    this.state = { waiting: { reason: error.reason, message: error.message } };
    this.retryAtMs = this.pod.clock.now() + error.retryAfterMs;
  }

  private failToStart(error: StartError): void {
    this.note('Warning', 'Failed', `Error: ${error.message}`);
    const now = timestamp(this.pod.clock);
    this.exitedAtMs = this.pod.clock.now();
    this.log?.close();
    this.state = {
      terminated: {
        containerID: this.containerId,
        exitCode: 128,
        reason: 'StartError',
        message: error.message,
        startedAt: '1970-01-01T00:00:00Z',
        finishedAt: now,
      },
    };
  }

  private exit(end: ContainerEnd): void {
    const { running } = this;
    this.probes?.stop();
    this.probes = undefined;
    this.running = undefined;
    this.exitedAtMs = this.pod.clock.now();
    this.log?.close();
    const reason = end.outOfMemory ? 'OOMKilled' : end.exitCode === 0 ? 'Completed' : 'Error';
    const message = running && this.terminationMessage(running, end.exitCode);
    this.state = {
      terminated: {
        containerID: this.containerId,
        exitCode: end.exitCode,
        finishedAt: timestamp(this.pod.clock),
        ...(message && { message }),
        reason,
        startedAt: this.state.running?.startedAt,
      },
    };
    this.onChange();
  }

  /** The termination message file, or the end of the log where the policy says so; at most 4096 bytes. */
  private terminationMessage(running: RunningContainer, exitCode: number): string | undefined {
    const text = running.files
      .readText(this.spec.terminationMessagePath ?? '/dev/termination-log')
      ?.slice(0, 4096);
    if (text) return text;
    const fallsBack = this.spec.terminationMessagePolicy === 'FallbackToLogsOnError' && exitCode !== 0;
    return fallsBack ? this.log?.tail(80, 2048) || undefined : undefined;
  }
}
