import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ClusterConnection } from '../../common/cluster-connection.js';
import { DomainError } from '../../common/domain-error.js';
import { readKubeconfig } from '../shell/kubeconfig.js';
import { readReadiness, waitForReadiness } from './cluster-probe.js';
import type { ClusterSpec, Driver, DriverStatus, Identity, PhaseReport } from './driver.js';
import { type CliOptions, type CliResult, runCli } from './kind-cli.js';
import { readKindPhase } from './kind-phases.js';
import { runPhase } from './phase.js';

export interface KindDriverOptions {
  /** The folder of all sandboxes, `<data>/sandboxes`. */
  root: string;
  /** Tells the clusters of several installations on one engine apart; at most 8 of a–z, 0–9. */
  installation: string;
  /** The node image; kind's default when absent. */
  nodeImage?: string;
  /** The kind command; found by its name when absent. */
  program?: string;
}

const ASK_TIMEOUT_MS = 20_000;
const DELETE_TIMEOUT_MS = 120_000;
const LOAD_TIMEOUT_MS = 300_000;
const CREATE_TIMEOUT_MS = 900_000;
/** How long kind itself waits for the control plane; it is no error when that runs out. */
const KIND_WAIT = '120s';
/** kind warns beyond 50, and the nodes' host names, `<name>-control-plane`, must not be longer than 63 characters. */
const LONGEST_CLUSTER_NAME = 49;

/** Clusters of https://kind.sigs.k8s.io, made by its command. Which of them exist, kind itself is asked every time. */
export class KindDriver implements Driver {
  readonly name = 'kind';
  private readonly program: string;
  private readonly prefix: string;

  constructor(private readonly options: KindDriverOptions) {
    this.program = options.program ?? 'kind';
    this.prefix = `seatrial-${options.installation}-`;
  }

  async status(): Promise<DriverStatus> {
    const version = await this.kind(['version'], { timeoutMs: ASK_TIMEOUT_MS });
    if (version.ended === 'not-installed') {
      return { available: false, reason: 'The kind command is not installed: see https://kind.sigs.k8s.io.' };
    }
    if (version.exitCode !== 0) return { available: false, reason: describe(version) };
    const clusters = await this.kind(['get', 'clusters'], { timeoutMs: ASK_TIMEOUT_MS });
    if (clusters.exitCode !== 0) {
      return { available: false, reason: `kind finds no working container engine. ${describe(clusters)}` };
    }
    return { available: true, version: version.stdout.split(' ')[1] ?? version.stdout.trim() };
  }

  async provision(
    spec: ClusterSpec,
    report: (phase: PhaseReport) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const isThere = (await this.list()).includes(spec.id);
    if (!isThere || !(await this.isComplete(spec.id))) {
      if (isThere) await this.destroy(spec.id);
      await this.create(spec, report, signal);
    }
    await runPhase('nodes', report, signal, async () => {
      const connection = await this.connect(spec.id, 'learner');
      const read = () => readReadiness(connection, '/api/v1/nodes', signal);
      await waitForReadiness(
        read,
        ({ total, notReady }) => total > spec.nodes.workers && notReady.length === 0,
        signal,
      );
    });
    await runPhase('grader-access', report, signal, async () => {
      await this.writeGraderAccess(spec.id);
    });
    if (spec.images.length > 0) await this.loadImages(spec, report, signal);
    await writeFile(this.folder(spec.id, 'complete'), '');
  }

  async destroy(id: string): Promise<void> {
    const words = [
      'delete',
      'cluster',
      '--name',
      this.clusterName(id),
      '--kubeconfig',
      this.kubeconfigFile(id),
    ];
    const result = await this.kind(words, { timeoutMs: DELETE_TIMEOUT_MS });
    if (result.exitCode !== 0) throw await this.explain(result);
    await rm(this.folder(id), { recursive: true, force: true });
  }

  async list(): Promise<string[]> {
    const result = await this.kind(['get', 'clusters'], { timeoutMs: ASK_TIMEOUT_MS });
    if (result.exitCode !== 0) throw await this.explain(result);
    const names = result.stdout.split('\n').filter((name) => name.startsWith(this.prefix));
    return names.map((name) => name.slice(this.prefix.length));
  }

  async connect(id: string, identity: Identity): Promise<ClusterConnection> {
    const text = await readFile(this.kubeconfigFile(id, identity), 'utf8').catch(() => undefined);
    if (text === undefined) throw new DomainError('sandbox-not-found');
    const { server, certificateAuthority, user } = readKubeconfig(text);
    const { clientCertificate, clientKey } = user;
    if (!certificateAuthority || !clientCertificate || !clientKey) {
      throw new DomainError('internal', 'The kubeconfig that kind wrote has no client certificate.');
    }
    // The grader's kubeconfig was written inside a node and has the address of that.
    const origin = identity === 'learner' ? server : (await this.connect(id, 'learner')).origin;
    return { origin, tls: { certificateAuthority, clientCertificate, clientKey } };
  }

  async advanceClock(): Promise<void> {
    throw new DomainError('clock-not-movable');
  }

  /** Clusters of kind live in the engine; nothing of them is held here. */
  async close(): Promise<void> {}

  /** A cluster that was only half made is removed again before this rejects. */
  private async create(
    spec: ClusterSpec,
    report: (phase: PhaseReport) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const name = this.clusterName(spec.id);
    await mkdir(this.folder(spec.id), { recursive: true, mode: 0o700 });
    const result = await this.kind(
      [
        ...[
          'create',
          'cluster',
          '--name',
          name,
          '--wait',
          KIND_WAIT,
          '--kubeconfig',
          this.kubeconfigFile(spec.id),
        ],
        ...(this.options.nodeImage ? ['--image', this.options.nodeImage] : []),
        ...['--config', '-'],
      ],
      {
        timeoutMs: CREATE_TIMEOUT_MS,
        signal,
        stdin: clusterConfig(spec),
        onLine: (line) => reportLine(line, report),
      },
    );
    if (result.exitCode === 0) return;
    const error = await this.explain(result, signal);
    await this.destroy(spec.id).catch(() => undefined);
    throw error;
  }

  /** An image that is not on this machine is no failure: the nodes pull it when a pod wants it. */
  private async loadImages(
    spec: ClusterSpec,
    report: (phase: PhaseReport) => void,
    signal: AbortSignal,
  ): Promise<void> {
    report({ name: 'images', state: 'running' });
    const notLoaded: string[] = [];
    for (const image of spec.images) {
      const words = ['load', 'docker-image', '--name', this.clusterName(spec.id), image];
      const result = await this.kind(words, { timeoutMs: LOAD_TIMEOUT_MS, signal });
      if (result.ended !== 'by-itself') throw await this.explain(result, signal);
      if (result.exitCode !== 0) notLoaded.push(image);
    }
    const message = `left to the nodes: ${notLoaded.join(', ')}`;
    report({ name: 'images', state: 'done', ...(notLoaded.length > 0 && { message }) });
  }

  /** kubeadm, inside the control plane, signs a certificate of the grader's own, which no learner can take away. */
  private async writeGraderAccess(id: string): Promise<void> {
    const words = ['kubeadm', 'kubeconfig', 'user', '--config', '/kind/kubeadm.conf'];
    const user = ['--client-name', 'seatrial:grader', '--org', 'system:masters'];
    const node = `${this.clusterName(id)}-control-plane`;
    const result = await this.engine(['exec', node, ...words, ...user]);
    if (result.exitCode !== 0) throw new DomainError('provision-failed', describe(result));
    await writeFile(this.kubeconfigFile(id, 'grader'), result.stdout, { mode: 0o600 });
  }

  /** kind takes docker, or podman where there is no docker. */
  private async engine(words: string[]): Promise<CliResult> {
    const result = await runCli('docker', words, { timeoutMs: ASK_TIMEOUT_MS });
    return result.ended === 'not-installed' ? runCli('podman', words, { timeoutMs: ASK_TIMEOUT_MS }) : result;
  }

  private kind(words: string[], options: CliOptions): Promise<CliResult> {
    return runCli(this.program, words, options);
  }

  /** Whether it was this cluster or the engine, kind's exit code does not tell; so the engine is asked once more. */
  private async explain(result: CliResult, signal?: AbortSignal): Promise<DomainError> {
    if (signal?.aborted && signal.reason instanceof DomainError) return signal.reason;
    if (result.ended === 'timed-out' || result.ended === 'aborted') {
      return new DomainError('provision-timeout', describe(result));
    }
    const status = await this.status();
    if (!status.available) return new DomainError('driver-unavailable', status.reason);
    return new DomainError('provision-failed', describe(result));
  }

  private clusterName(id: string): string {
    const name = this.prefix + id;
    if (name.length > LONGEST_CLUSTER_NAME) {
      throw new DomainError('provision-failed', `${name} is too long to be the name of a kind cluster.`);
    }
    return name;
  }

  private folder(id: string, ...names: string[]): string {
    return join(this.options.root, id, 'kind', ...names);
  }

  private kubeconfigFile(id: string, identity: Identity = 'learner'): string {
    return this.folder(id, `${identity}.kubeconfig`);
  }

  private isComplete(id: string): Promise<boolean> {
    return readFile(this.folder(id, 'complete')).then(
      () => true,
      () => false,
    );
  }
}

/** https://kind.sigs.k8s.io/docs/user/configuration/ */
function clusterConfig(spec: ClusterSpec): string {
  const workers = Array.from({ length: spec.nodes.workers }, () => ({ role: 'worker' }));
  return stringify({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    networking: { apiServerAddress: '127.0.0.1' },
    nodes: [{ role: 'control-plane' }, ...workers],
  });
}

function reportLine(line: string, report: (phase: PhaseReport) => void): void {
  const phase = readKindPhase(line);
  if (phase) report(phase);
}

function describe(result: CliResult): string {
  const how = result.ended === 'by-itself' ? `exit code ${result.exitCode}` : result.ended;
  return `\`${result.command}\`: ${how}. ${result.lastLines}`.trim();
}
