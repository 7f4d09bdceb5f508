import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Pod, PodSpec } from '../api/core-v1.generated.js';
import { startTestCluster, type TestCluster } from '../controllers/testing/start-test-cluster.js';

describe('the scheduler', () => {
  let cluster: TestCluster;

  beforeEach(async () => {
    cluster = await startTestCluster(() => ({}), []);
  });
  afterEach(() => {
    expect(cluster.errors).toEqual([]);
    cluster.stop();
  });

  const create = (name: string, spec: Partial<PodSpec> = {}, labels: Record<string, string> = {}) =>
    cluster.client.create<Pod>('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', labels },
      spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
    });
  const requests = (amounts: Record<string, string>): Partial<PodSpec> => ({
    containers: [{ name: 'c', image: 'nginx', resources: { requests: amounts } }],
  });
  const get = (name: string) => cluster.client.get<Pod>('pods', 'default', name);
  const nodeOf = (name: string) => get(name)?.spec.nodeName;
  const why = (name: string) =>
    get(name)?.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message;
  const notHelpful = (count: number) =>
    `no new claims to deallocate, preemption: 0/${count} nodes are available: ${count} Preemption is not helpful for scheduling.`;

  it('binds a pod and says where', async () => {
    await cluster.addNode('worker-1');
    await create('web');
    await cluster.advance(0);
    expect(nodeOf('web')).toBe('worker-1');
    expect(cluster.eventsOf('web')[0]).toBe('Scheduled: Successfully assigned default/web to worker-1');
  });

  it('explains for every node why a pod fits nowhere, in the condition and in an event', async () => {
    await cluster.addNode('control', {
      taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
    });
    await cluster.addNode('cordoned', { unschedulable: true });
    await cluster.addNode('small');
    await create('huge', requests({ cpu: '1000' }));
    await cluster.advance(0);
    const message = `0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. ${notHelpful(3)}`;
    expect(get('huge')?.status?.conditions).toMatchObject([
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
    ]);
    expect(cluster.eventsOf('huge')).toEqual([`FailedScheduling: ${message}`]);
  });

  it.each<[string, Partial<PodSpec>, string]>([
    [
      'node selector',
      { nodeSelector: { disk: 'ssd' } },
      "1 node(s) didn't match Pod's node affinity/selector",
    ],
    [
      'missing claim',
      { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'gone' } }] },
      'persistentvolumeclaim "gone" not found',
    ],
    [
      'affinity to nobody',
      {
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'db' } } },
            ],
          },
        },
      },
      "1 node(s) didn't match pod affinity rules",
    ],
    [
      'spread over a label no node has',
      {
        topologySpreadConstraints: [
          { topologyKey: 'rack', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} },
        ],
      },
      "1 node(s) didn't match pod topology spread constraints (missing required label)",
    ],
  ])('keeps a pod waiting: %s', async (_, spec, reason) => {
    await cluster.addNode('worker-1');
    await create('picky', spec);
    await cluster.advance(0);
    expect(why('picky')).toBe(`0/1 nodes are available: ${reason}. ${notHelpful(1)}`);
  });

  it('tries a waiting pod again when a node changes', async () => {
    await cluster.addNode('worker-1');
    await create('picky', { nodeSelector: { disk: 'ssd' } });
    await cluster.advance(5000);
    expect(nodeOf('picky')).toBeUndefined();
    await cluster.client.mergePatch('nodes', undefined, 'worker-1', {
      metadata: { labels: { disk: 'ssd' } },
    });
    await cluster.advance(0);
    expect(nodeOf('picky')).toBe('worker-1');
  });

  it('leaves a gated pod alone until its gates are gone', async () => {
    await cluster.addNode('worker-1');
    await create('gated', { schedulingGates: [{ name: 'wait' }] });
    await cluster.advance(1000);
    expect([nodeOf('gated'), cluster.eventsOf('gated')]).toEqual([undefined, []]);
    await cluster.client.mergePatch('pods', 'default', 'gated', { spec: { schedulingGates: null } });
    await cluster.advance(0);
    expect(nodeOf('gated')).toBe('worker-1');
  });

  it('keeps pods that avoid each other apart, both ways', async () => {
    await cluster.addNode('worker-1');
    await cluster.addNode('worker-2');
    const avoid: Partial<PodSpec> = {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } },
          ],
        },
      },
    };
    await create('shy', avoid, { app: 'web' });
    await cluster.advance(0);
    await create('plain', {}, { app: 'web' });
    await cluster.advance(0);
    await create('third', avoid, { app: 'web' });
    await cluster.advance(0);
    expect(nodeOf('plain')).not.toBe(nodeOf('shy'));
    expect(why('third')).toContain("2 node(s) didn't match pod anti-affinity rules");
  });

  it('schedules the more important of two waiting pods first', async () => {
    await cluster.client.create('priorityclasses.scheduling.k8s.io', {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'high' },
      ...{ value: 1000 },
    });
    await create('low', requests({ cpu: '3' }));
    await create('high', { ...requests({ cpu: '3' }), priorityClassName: 'high' });
    await cluster.advance(10_000);
    await cluster.addNode('worker-1');
    await cluster.advance(0);
    expect([nodeOf('high'), nodeOf('low')]).toEqual(['worker-1', undefined]);
  });

  it('takes the place of a less important pod, and keeps it from coming back first', async () => {
    await cluster.client.create('priorityclasses.scheduling.k8s.io', {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'high' },
      ...{ value: 1000 },
    });
    await cluster.addNode('worker-1');
    await create('low', requests({ cpu: '3' }));
    await cluster.advance(1000);
    const high = await create('high', { ...requests({ cpu: '3' }), priorityClassName: 'high' });
    await create('rival', requests({ cpu: '3' }));
    await cluster.advance(10_000);
    expect([nodeOf('high'), get('low'), nodeOf('rival')]).toEqual(['worker-1', undefined, undefined]);
    expect(cluster.eventsOf('low')).toContain(
      `Preempted: Preempted by pod ${high.metadata.uid} on node worker-1`,
    );
    expect(why('rival')).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    );
  });
});
