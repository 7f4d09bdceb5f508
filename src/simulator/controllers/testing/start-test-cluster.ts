import type { Node, Pod } from '../../api/core-v1.generated.js';
import { ApiServer } from '../../apiserver/api-server.js';
import { openClusterKeys } from '../../certificates/cluster-keys.js';
import type { Client } from '../../client.js';
import { timestamp } from '../../clock/clock.js';
import { ClusterClock } from '../../clock/cluster-clock.js';
import { startScheduler } from '../../scheduler/start-scheduler.js';
import { Store } from '../../storage/store.js';
import { startControllers } from '../start-controllers.js';

/** How a pod of the test cluster fares. */
export interface PodFate {
  /** From being bound to running. */
  startMs?: number;
  ready?: boolean;
  /** Ends with this code so long after it started. */
  exit?: { afterMs: number; code: number };
}

export interface TestCluster {
  client: Client;
  clock: ClusterClock;
  errors: unknown[];
  /** Lets `ms` of cluster time pass, with all that happens meanwhile. */
  advance(ms: number): Promise<void>;
  /** The reasons and messages of events about the object of this name, oldest first. */
  eventsOf(name: string): string[];
  addNode(name: string, changes?: Partial<Node['spec']>, allocatable?: Record<string, string>): Promise<void>;
  stop(): void;
}

/**
 * The real API server, controllers and scheduler on one clock, and for each bound pod a stand-in kubelet of a few lines:
 * `fate` says how the pod fares. Two workers unless told.
 */
export async function startTestCluster(
  fate: (pod: Pod) => PodFate = () => ({}),
  nodes = ['worker-1', 'worker-2'],
): Promise<TestCluster> {
  const clock = new ClusterClock();
  const keys = await openClusterKeys(undefined);
  const server = new ApiServer({ store: new Store(), clock, keys, names: [] });
  const client = server.client('system:admin');
  const errors: unknown[] = [];
  const controllers = startControllers({
    client,
    clientFor: (user) => server.client(user),
    clock,
    certificateAuthority: keys.authority.certificate,
    onError: (error) => errors.push(error),
  });
  const scheduler = startScheduler({
    client: server.client('system:kube-scheduler'),
    clock,
    onError: (error) => errors.push(error),
  });
  const stopKubelet = runPods(server.client('system:node:any'), clock, fate);
  const cluster: TestCluster = {
    client,
    clock,
    errors,
    advance: (ms) => clock.advance(ms),
    eventsOf: (name) =>
      client
        .list<{ involvedObject: { name?: string }; reason?: string; message?: string } & Pod>('events')
        .filter((event) => event.involvedObject.name === name)
        .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
        .map((event) => `${event.reason}: ${event.message}`),
    addNode: async (name, changes = {}, allocatable = {}) => {
      await client.create<Node>('nodes', {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, labels: { 'kubernetes.io/hostname': name } },
        spec: changes,
      });
      const capacity = { cpu: '4', memory: '8Gi', pods: '110', ...allocatable };
      const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: timestamp(clock) };
      await client.mergePatch(
        'nodes',
        undefined,
        name,
        { status: { capacity, allocatable: capacity, conditions: [ready] } },
        'status',
      );
    },
    stop() {
      stopKubelet();
      scheduler.stop();
      controllers.stop();
      clock.close();
    },
  };
  for (const name of nodes) await cluster.addNode(name);
  await cluster.advance(0);
  return cluster;
}

function runPods(client: Client, clock: ClusterClock, fateOf: (pod: Pod) => PodFate): () => void {
  const started = new Set<string>();
  let address = 1;
  const write = async (pod: Pod, status: Record<string, unknown>) => {
    const { namespace, name, uid } = pod.metadata;
    if (client.get<Pod>('pods', namespace, name)?.metadata.uid !== uid) return;
    await client.mergePatch('pods', namespace, name, { status }, 'status');
  };
  const later = (ms: number, run: () => Promise<void>) => clock.schedule(ms, () => void run());

  return client.watch<Pod>('pods', ({ type, object: pod }) => {
    const { uid, namespace, name } = pod.metadata;
    if (type === 'DELETED' || !pod.spec.nodeName) return;
    if (pod.metadata.deletionTimestamp !== undefined) {
      later(100, () =>
        client.delete('pods', namespace, name, { uid, gracePeriodSeconds: 0 }).catch(() => undefined),
      );
      return;
    }
    if (started.has(uid)) return;
    started.add(uid);
    const { startMs = 100, ready = true, exit } = fateOf(pod);
    const podIP = `10.244.0.${address++}`;
    const condition = (status: string) => [{ type: 'Ready', status, lastTransitionTime: timestamp(clock) }];
    later(startMs, () =>
      write(pod, {
        phase: 'Running',
        startTime: timestamp(clock),
        podIP,
        podIPs: [{ ip: podIP }],
        conditions: condition(ready ? 'True' : 'False'),
      }),
    );
    if (!exit) return;
    later(startMs + exit.afterMs, () =>
      write(pod, {
        phase: exit.code === 0 ? 'Succeeded' : 'Failed',
        conditions: condition('False'),
        containerStatuses: pod.spec.containers.map((container) => ({
          name: container.name,
          image: container.image,
          imageID: '',
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: exit.code, finishedAt: timestamp(clock) } },
        })),
      }),
    );
  });
}
