import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { ClusterConnection } from '../../common/cluster-connection.js';
import { DomainError } from '../../common/domain-error.js';
import { prepareSocketDirectory } from '../../common/embedded/socket-directory.js';
import type { ClientIdentity, Cluster, NodeShape } from '../../simulator/cluster.js';
import { startCluster } from '../../simulator/start-cluster.js';
import { readinessOf, waitForReadiness } from './cluster-probe.js';
import type { ClusterSpec, Driver, DriverStatus, Identity, PhaseReport } from './driver.js';
import { runPhase } from './phase.js';

/** kubeadm's administrator: https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-init/ */
const LEARNER: ClientIdentity = {
  user: 'kubernetes-admin',
  groups: ['kubeadm:cluster-admins', 'system:masters'],
};
const GRADER_HEADERS = { 'x-remote-user': 'seatrial:grader', 'x-remote-group': 'system:masters' };

/** One of the names in the server's certificate, whatever socket it listens on. */
const ORIGIN = 'https://127.0.0.1:6443';
const SOCKET_NAME = 'api.sock';
/** For this process alone: without TLS, because nobody else can open it. */
const PROXY_ORIGIN = 'http://127.0.0.1';
const PROXY_SOCKET_NAME = 'proxy.sock';

const specSchema = z.object({ workers: z.int().min(0), complete: z.boolean() });

/** What the cluster was made with; `complete` once it was whole, so that a half-made one is known as such. */
type StoredSpec = z.output<typeof specSchema>;

/** A cluster of this process, as it was last started. */
interface Running {
  cluster: Cluster;
  socketDirectory: string;
  connections: Map<Identity, Promise<ClusterConnection>>;
}

/**
 * Clusters of `src/simulator` inside this process, each with its data in `<root>/<id>/cluster` and its API server on a unix
 * socket. A cluster found on disk is started when it is first asked for, so they all outlive the process.
 */
export class SimulatedDriver implements Driver {
  readonly name = 'simulated';
  private readonly running = new Map<string, Promise<Running>>();

  private readonly root: string;

  /** `root`: the folder of all sandboxes, `<data>/sandboxes`. */
  constructor(root: string) {
    this.root = resolve(root);
  }

  async status(): Promise<DriverStatus> {
    return { available: true, version: '1.36' };
  }

  async provision(
    spec: ClusterSpec,
    report: (phase: PhaseReport) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (!(await this.readSpec(spec.id))?.complete) await this.startOver(spec);
    const { cluster } = await runPhase('control-plane', report, signal, () => this.start(spec.id));
    // The cluster is in this process: a request to its API server would be this program talking to itself.
    await runPhase('nodes', report, signal, () => {
      const read = async () => readinessOf({ items: cluster.list('nodes') });
      return waitForReadiness(
        read,
        ({ total, notReady }) => total > spec.nodes.workers && notReady.length === 0,
        signal,
      );
    });
    await runPhase('system-pods', report, signal, () => {
      const read = async () => readinessOf({ items: cluster.list('pods', 'kube-system') });
      return waitForReadiness(read, ({ notReady }) => notReady.length === 0, signal);
    });
    await this.writeSpec(spec.id, { workers: spec.nodes.workers, complete: true });
  }

  async destroy(id: string): Promise<void> {
    const running = this.running.get(id);
    this.running.delete(id);
    await closeRunning(running);
    await rm(this.folder(id), { recursive: true, force: true, maxRetries: 3 });
  }

  async list(): Promise<string[]> {
    const entries = await readdir(this.root, { withFileTypes: true }).catch(() => []);
    const ids = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    const specs = await Promise.all(ids.map((id) => this.readSpec(id)));
    return ids.filter((_, index) => specs[index]);
  }

  async connect(id: string, identity: Identity): Promise<ClusterConnection> {
    const running = await this.start(id);
    const known = running.connections.get(identity) ?? makeConnection(running, identity);
    running.connections.set(identity, known);
    return known;
  }

  async advanceClock(id: string, byMs: number): Promise<void> {
    const { cluster } = await this.start(id);
    await cluster.advanceClock(byMs);
  }

  async close(): Promise<void> {
    const all = [...this.running.values()];
    this.running.clear();
    await Promise.all(all.map(closeRunning));
  }

  private folder(id: string, ...names: string[]): string {
    return join(this.root, id, 'cluster', ...names);
  }

  private async readSpec(id: string): Promise<StoredSpec | undefined> {
    const text = await readFile(this.folder(id, 'spec.json'), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : specSchema.parse(JSON.parse(text));
  }

  /** In one step: a process that is killed leaves the old file or the new one. */
  private async writeSpec(id: string, spec: StoredSpec): Promise<void> {
    const file = this.folder(id, 'spec.json');
    await writeFile(`${file}.new`, JSON.stringify(spec));
    await rename(`${file}.new`, file);
  }

  private async startOver(spec: ClusterSpec): Promise<void> {
    await this.destroy(spec.id);
    await mkdir(this.folder(spec.id, 'data'), { recursive: true, mode: 0o700 });
    await this.writeSpec(spec.id, { workers: spec.nodes.workers, complete: false });
  }

  private start(id: string): Promise<Running> {
    const known = this.running.get(id);
    if (known) return known;
    const starting = this.launch(id);
    this.running.set(id, starting);
    starting.catch(() => this.running.delete(id));
    return starting;
  }

  private async launch(id: string): Promise<Running> {
    const spec = await this.readSpec(id);
    if (!spec) throw new DomainError('sandbox-not-found');
    const cluster = await startCluster({
      name: 'seatrial',
      nodes: nodeShapes(spec.workers),
      dataDirectory: this.folder(id, 'data'),
    });
    const socketDirectory = await prepareSocketDirectory(this.folder(id), PROXY_SOCKET_NAME);
    await cluster.listen({ socketPath: join(socketDirectory, SOCKET_NAME) });
    await cluster.listen({ socketPath: join(socketDirectory, PROXY_SOCKET_NAME), frontProxy: true });
    return { cluster, socketDirectory, connections: new Map() };
  }
}

async function closeRunning(starting: Promise<Running> | undefined): Promise<void> {
  const running = await starting?.catch(() => undefined);
  if (!running) return;
  await running.cluster.close();
  for (const name of [SOCKET_NAME, PROXY_SOCKET_NAME])
    await rm(join(running.socketDirectory, name), { force: true });
  // Only where the path was too long are the sockets in a folder of their own, which is empty now.
  await rmdir(running.socketDirectory).catch(() => undefined);
}

async function makeConnection(
  { cluster, socketDirectory }: Running,
  identity: Identity,
): Promise<ClusterConnection> {
  // There is no certificate of the grader's that could be lost.
  if (identity === 'grader')
    return {
      origin: PROXY_ORIGIN,
      socketPath: join(socketDirectory, PROXY_SOCKET_NAME),
      headers: GRADER_HEADERS,
    };
  const tls = await cluster.issueCredentials(LEARNER);
  return { origin: ORIGIN, socketPath: join(socketDirectory, SOCKET_NAME), tls };
}

/** Named as kind names the nodes of a cluster called `seatrial`. */
function nodeShapes(workers: number): NodeShape[] {
  const size = { cpu: '4', memory: '8Gi', pods: 110 };
  const names = Array.from({ length: workers }, (_, index) =>
    index === 0 ? 'seatrial-worker' : `seatrial-worker${index + 1}`,
  );
  return [
    { name: 'seatrial-control-plane', controlPlane: true, ...size },
    ...names.map((name) => ({ name, controlPlane: false, ...size })),
  ];
}
