import { PassThrough } from 'node:stream';
import type { Container, Event, Pod, PodSpec } from '../../api/core-v1.generated.js';
import { ApiServer } from '../../apiserver/api-server.js';
import { openClusterKeys } from '../../certificates/cluster-keys.js';
import type { Client } from '../../client.js';
import { ClusterClock } from '../../clock/cluster-clock.js';
import { openStore } from '../../storage/open-store.js';
import { type RunningNodes, startNodes } from '../start-nodes.js';

const NODE = 'one';

/** A store, an API server and one node, without controllers and scheduler; time moves only by `until` and `advance`. */
export class TestCluster {
  private constructor(
    readonly client: Client,
    readonly clock: ClusterClock,
    private readonly startKubelets: () => Promise<RunningNodes>,
    private nodes: RunningNodes,
  ) {}

  static async start(): Promise<TestCluster> {
    const clock = new ClusterClock();
    const { store } = openStore(undefined);
    const keys = await openClusterKeys(undefined);
    const server = new ApiServer({ store, clock, keys, names: [] });
    const client = server.client('system:admin');
    await client.create('serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: 'default' },
    });
    const shape = { name: NODE, controlPlane: true, cpu: '4', memory: '8Gi', pods: 110 };
    const clientFor = () => server.client(`system:node:${NODE}`);
    const startKubelets = () =>
      startNodes({ nodes: [shape], clientFor, clock, kubernetesVersion: 'v1.36.2' });
    return new TestCluster(client, clock, startKubelets, await startKubelets());
  }

  /** As when the process was killed and the cluster is started again on its data. */
  async restart(): Promise<void> {
    await this.nodes.stop();
    this.nodes = await this.startKubelets();
  }

  async stop(): Promise<void> {
    await this.nodes.stop();
    this.clock.close();
  }

  /** Creates a pod that is bound to the node already. */
  create(name: string, spec: Partial<PodSpec> & { containers: Container[] }): Promise<Pod> {
    return this.client.create<Pod>('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { nodeName: NODE, automountServiceAccountToken: false, ...spec },
    });
  }

  pod(name: string): Pod | undefined {
    return this.client.get<Pod>('pods', 'default', name);
  }

  container(name: string) {
    const [status] = this.pod(name)?.status?.containerStatuses ?? [];
    return status;
  }

  /** `Reason: message` of the pod's events, oldest first. */
  events(name: string): string[] {
    return this.client
      .list<Event>('events', { namespace: 'default' })
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ reason, message }) => `${reason}: ${message}`);
  }

  /** Moves time on in steps until the condition holds; fails after `limitSeconds` of cluster time. */
  async until(condition: () => boolean, limitSeconds = 60): Promise<void> {
    const deadline = this.clock.now() + limitSeconds * 1000;
    while (!condition()) {
      if (this.clock.now() > deadline) throw new Error('the condition did not come true in time');
      await this.clock.advance(100);
    }
  }

  /** Of the pod's first container unless told. */
  async logs(name: string, previous = false, of?: string): Promise<string> {
    const agent = this.agent();
    const container = of ?? this.container(name)?.name ?? '';
    const uid = this.pod(name)?.metadata.uid ?? '';
    const stream = await agent.logs(uid, { container, previous }, new AbortController().signal);
    return Buffer.concat(await stream.toArray()).toString();
  }

  async exec(name: string, command: string[], input?: string) {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const stdin = new PassThrough();
    stdin.end(input ?? '');
    const streams = { stdout, stderr, ...(input !== undefined && { stdin }) };
    const result = await this.agent().exec(this.pod(name)?.metadata.uid ?? '', {
      container: this.container(name)?.name ?? '',
      command,
      tty: false,
      streams,
      signal: new AbortController().signal,
    });
    stdout.end();
    stderr.end();
    const text = async (stream: PassThrough) => Buffer.concat(await stream.toArray()).toString();
    return { ...result, stdout: await text(stdout), stderr: await text(stderr) };
  }

  private agent() {
    const agent = this.nodes.agentFor(NODE);
    if (!agent) throw new Error('the node has no agent');
    return agent;
  }
}
