import type { Container, Probe } from '../api/core-v1.generated.js';
import type { Timer } from '../clock/clock.js';
import type { RunningContainer } from '../containers/runtime.js';
import { NetworkError } from '../network/network-error.js';
import { type HandlerTarget, httpGet, portOf, runCommand } from './lifecycle-hooks.js';
import type { PodWorld } from './pod-world.js';

/** The container as its probes see it. */
export interface ProbedContainer {
  readonly name: string;
  readonly spec: Container;
  note(type: 'Normal' | 'Warning', reason: string, message: string): void;
  stop(graceMs: number): Promise<void>;
}

type ProbeKind = 'startup' | 'liveness' | 'readiness';

const TITLES: Record<ProbeKind, string> = {
  startup: 'Startup',
  liveness: 'Liveness',
  readiness: 'Readiness',
};
/** A container without an initial delay is first looked at when its program had a moment to listen. */
const FIRST_LOOK_MS = 250;

/**
 * The probes of one run of a container. Liveness and readiness wait for the startup probe.
 * https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
 */
export class Probes {
  started: boolean;
  ready: boolean;
  private readonly timers = new Map<ProbeKind, Timer>();
  private stopped = false;

  constructor(
    private readonly slot: ProbedContainer,
    private readonly pod: PodWorld,
    private readonly running: RunningContainer,
    private readonly onChange: () => void,
  ) {
    this.started = slot.spec.startupProbe === undefined;
    this.ready = slot.spec.readinessProbe === undefined;
  }

  start(): void {
    const { startupProbe } = this.slot.spec;
    if (startupProbe) this.run('startup', startupProbe, startupProbe.initialDelaySeconds ?? 0);
    else this.startOthers(0);
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers.values()) timer.cancel();
  }

  private startOthers(elapsedSeconds: number): void {
    const { livenessProbe, readinessProbe } = this.slot.spec;
    const delay = (probe: Probe) => Math.max(0, (probe.initialDelaySeconds ?? 0) - elapsedSeconds);
    if (livenessProbe) this.run('liveness', livenessProbe, delay(livenessProbe));
    if (readinessProbe) this.run('readiness', readinessProbe, delay(readinessProbe));
  }

  private run(kind: ProbeKind, probe: Probe, delaySeconds: number): void {
    let successes = 0;
    let failures = 0;
    const again = (afterMs: number) => this.timers.set(kind, this.pod.clock.schedule(afterMs, look));
    const look = async () => {
      const failure = await this.check(probe);
      if (this.stopped) return;
      successes = failure === undefined ? successes + 1 : 0;
      failures = failure === undefined ? 0 : failures + 1;
      if (failure !== undefined)
        this.slot.note('Warning', 'Unhealthy', `${TITLES[kind]} probe failed: ${failure}`);
      const goesOn = this.conclude(
        kind,
        successes >= (probe.successThreshold ?? 1),
        failures >= (probe.failureThreshold ?? 3),
        probe,
      );
      if (goesOn && !this.stopped) again((probe.periodSeconds ?? 10) * 1000);
    };
    again(delaySeconds * 1000 + FIRST_LOOK_MS);
  }

  /** Draws the consequences of one look; false when this probe has nothing more to do. */
  private conclude(kind: ProbeKind, passed: boolean, failed: boolean, probe: Probe): boolean {
    if (kind === 'readiness') {
      if ((passed && !this.ready) || (failed && this.ready)) {
        this.ready = passed;
        this.onChange();
      }
      return true;
    }
    if (failed) {
      this.slot.note(
        'Normal',
        'Killing',
        `Container ${this.slot.name} failed ${kind} probe, will be restarted`,
      );
      const graceMs = probe.terminationGracePeriodSeconds
        ? probe.terminationGracePeriodSeconds * 1000
        : this.pod.graceMs;
      void this.slot.stop(graceMs);
      return false;
    }
    if (kind === 'liveness' || !passed) return true;
    this.started = true;
    this.startOthers(0);
    this.onChange();
    return false;
  }

  /** Looks once; resolves with what is wrong, undefined when all is well. */
  private async check(probe: Probe): Promise<string | undefined> {
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
    const controller = new AbortController();
    const target: HandlerTarget = {
      running: this.running,
      container: this.slot.spec,
      podIp: this.pod.podIp,
      node: this.pod.node,
    };
    let timer: Timer | undefined;
    const timeout = new Promise<'timeout'>((resolve) => {
      timer = this.pod.clock.schedule(timeoutMs, () => resolve('timeout'));
    });
    const outcome = await Promise.race([this.perform(probe, target, controller.signal), timeout]);
    timer?.cancel();
    if (outcome !== 'timeout') return outcome;
    controller.abort(new Error('timeout'));
    if (probe.exec)
      return `command timed out: "${(probe.exec.command ?? []).join(' ')}" timed out after ${timeoutMs / 1000}s`;
    if (probe.httpGet)
      return `Get "${urlOf(probe, target)}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`;
    return `dial tcp ${addressOf(probe, target)}: i/o timeout`;
  }

  private async perform(
    probe: Probe,
    target: HandlerTarget,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      if (probe.exec) {
        const { exitCode, output } = await runCommand(probe.exec.command ?? [], target, signal);
        return exitCode === 0 ? undefined : output;
      }
      if (probe.httpGet) {
        const { status } = await httpGet(probe.httpGet, target, signal);
        return status >= 200 && status < 400 ? undefined : `HTTP probe failed with statuscode: ${status}`;
      }
      const port = portOf(probe.tcpSocket?.port ?? probe.grpc?.port ?? 0, target.container);
      if (port === undefined) return `couldn't find port: ${probe.tcpSocket?.port}`;
      const connection = await target.node.network.dial(
        probe.tcpSocket?.host || target.podIp,
        port,
        target.node.ip,
      );
      connection.destroy();
      return undefined;
    } catch (error) {
      return this.describe(error, probe, target);
    }
  }

  private describe(error: unknown, probe: Probe, target: HandlerTarget): string {
    const text =
      error instanceof NetworkError
        ? `dial tcp ${addressOf(probe, target)}: connect: ${error.message.toLowerCase()}`
        : 'EOF';
    if (probe.grpc)
      return `timeout: failed to connect service "${addressOf(probe, target)}" within ${probe.timeoutSeconds ?? 1}s: context deadline exceeded`;
    return probe.httpGet ? `Get "${urlOf(probe, target)}": ${text}` : text;
  }
}

function addressOf(probe: Probe, { container, podIp }: HandlerTarget): string {
  const port = probe.httpGet?.port ?? probe.tcpSocket?.port ?? probe.grpc?.port ?? 0;
  return `${probe.httpGet?.host || probe.tcpSocket?.host || podIp}:${portOf(port, container) ?? port}`;
}

function urlOf(probe: Probe, target: HandlerTarget): string {
  const path = probe.httpGet?.path ?? '/';
  return `${(probe.httpGet?.scheme ?? 'HTTP').toLowerCase()}://${addressOf(probe, target)}${path.startsWith('/') ? path : `/${path}`}`;
}
