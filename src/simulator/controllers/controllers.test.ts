import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DaemonSet, StatefulSet } from '../api/apps-v1.generated.js';
import type {
  ConfigMap,
  Endpoints,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  Service,
} from '../api/core-v1.generated.js';
import type { EndpointSlice } from '../api/discovery-v1.generated.js';
import type { ObjectMeta } from '../api/meta-v1.generated.js';
import type { PodDisruptionBudget } from '../api/policy-v1.generated.js';
import { startTestCluster, type TestCluster } from './testing/start-test-cluster.js';

let cluster: TestCluster;
const notReady = new Set<string>();
beforeEach(async () => {
  notReady.clear();
  cluster = await startTestCluster((pod) => ({ ready: !notReady.has(pod.metadata.name) }));
});
afterEach(() => {
  expect(cluster.errors).toEqual([]);
  cluster.stop();
});

const template = (labels: Record<string, string>, image = 'nginx') => ({
  metadata: { labels } as unknown as ObjectMeta,
  spec: { containers: [{ name: 'c', image }] },
});
const pods = (namespace = 'default') => cluster.client.list<Pod>('pods', { namespace });
const podNames = () => pods().map(({ metadata }) => metadata.name);
const createPod = (name: string, labels: Record<string, string>, namespace = 'default') =>
  cluster.client.create<Pod>('pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: { containers: [{ name: 'c', image: 'nginx', ports: [{ name: 'http', containerPort: 8080 }] }] },
  });

describe('a StatefulSet', () => {
  const create = (spec: Partial<StatefulSet['spec']> = {}) =>
    cluster.client.create<StatefulSet>('statefulsets.apps', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db', namespace: 'default' },
      spec: {
        serviceName: 'db',
        replicas: 3,
        selector: { matchLabels: { app: 'db' } },
        template: template({ app: 'db' }),
        ...spec,
      },
    });
  const get = () => cluster.client.get<StatefulSet>('statefulsets.apps', 'default', 'db');
  const patch = (spec: Record<string, unknown>) =>
    cluster.client.mergePatch('statefulsets.apps', 'default', 'db', { spec });

  it('brings its pods up one after the other', async () => {
    notReady.add('db-1');
    await create();
    await cluster.advance(5000);
    expect(podNames()).toEqual(['db-0', 'db-1']);
    expect(pods()[0]?.metadata.labels).toMatchObject({
      'statefulset.kubernetes.io/pod-name': 'db-0',
      'apps.kubernetes.io/pod-index': '0',
      'controller-revision-hash': get()?.status?.updateRevision,
    });
  });

  it('makes claims that bind to volumes on the node of the pod and outlive it', async () => {
    const claim = {
      metadata: { name: 'data' } as ObjectMeta,
      spec: { accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage: '64Mi' } } },
    };
    await create({ volumeClaimTemplates: [claim as unknown as PersistentVolumeClaim] });
    await cluster.advance(10_000);
    expect(get()?.status).toMatchObject({
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      updatedReplicas: 3,
    });
    const claims = () => cluster.client.list<PersistentVolumeClaim>('persistentvolumeclaims');
    expect(claims().map(({ metadata, status }) => `${metadata.name} ${status?.phase}`)).toEqual([
      'data-db-0 Bound',
      'data-db-1 Bound',
      'data-db-2 Bound',
    ]);
    const volumes = cluster.client.list<PersistentVolume>('persistentvolumes');
    expect(volumes.map(({ status }) => status?.phase)).toEqual(['Bound', 'Bound', 'Bound']);
    await patch({ replicas: 1 });
    await cluster.advance(5000);
    expect([podNames(), claims().length]).toEqual([['db-0'], 3]);
    expect(cluster.eventsOf('db')).toContain(
      'SuccessfulDelete: delete Pod db-2 in StatefulSet db successful',
    );

    await cluster.client.delete('persistentvolumeclaims', 'default', 'data-db-2');
    await cluster.client.delete('persistentvolumeclaims', 'default', 'data-db-0');
    await cluster.advance(1000);
    expect(claims().map(({ metadata }) => metadata.name)).toEqual(['data-db-0', 'data-db-1']);
    expect(cluster.client.list('persistentvolumes')).toHaveLength(2);
  });

  it('updates from the highest pod down to its partition', async () => {
    await create();
    await cluster.advance(5000);
    await patch({ updateStrategy: { rollingUpdate: { partition: 1 } } });
    await patch({ template: { spec: { containers: [{ name: 'c', image: 'nginx:2' }] } } });
    await cluster.advance(10_000);
    const images = () => pods().map(({ spec }) => spec.containers[0]?.image);
    expect(images()).toEqual(['nginx', 'nginx:2', 'nginx:2']);
    await patch({ updateStrategy: { rollingUpdate: { partition: 0 } } });
    await cluster.advance(10_000);
    expect(images()).toEqual(['nginx:2', 'nginx:2', 'nginx:2']);
    expect(get()?.status?.currentRevision).toBe(get()?.status?.updateRevision);
  });
});

describe('a DaemonSet', () => {
  const create = () =>
    cluster.client.create<DaemonSet>('daemonsets.apps', {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'agent', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'agent' } }, template: template({ app: 'agent' }) },
    });
  const status = () => cluster.client.get<DaemonSet>('daemonsets.apps', 'default', 'agent')?.status;
  const nodes = () =>
    pods()
      .map(({ spec }) => spec.nodeName)
      .sort();

  it('runs on every node that its pods tolerate, and on new ones', async () => {
    await create();
    await cluster.addNode('tainted', { taints: [{ key: 'special', effect: 'NoSchedule' }] });
    await cluster.addNode('cordoned', { unschedulable: true });
    await cluster.advance(1000);
    expect(nodes()).toEqual(['cordoned', 'worker-1', 'worker-2']);
    expect(status()).toMatchObject({
      desiredNumberScheduled: 3,
      numberReady: 3,
      numberAvailable: 3,
      numberMisscheduled: 0,
    });
  });

  it('replaces one pod after the other', async () => {
    await create();
    await cluster.advance(1000);
    let least = 2;
    cluster.client.watch<DaemonSet>('daemonsets.apps', ({ object }) => {
      least = Math.min(least, object.status?.numberAvailable ?? 0);
    });
    await cluster.client.mergePatch('daemonsets.apps', 'default', 'agent', {
      spec: { template: { spec: { containers: [{ name: 'c', image: 'nginx:2' }] } } },
    });
    await cluster.advance(5000);
    expect(pods().map(({ spec }) => spec.containers[0]?.image)).toEqual(['nginx:2', 'nginx:2']);
    expect([least, status()?.updatedNumberScheduled]).toEqual([1, 2]);
  });
});

describe('a Service', () => {
  it('has its ready pods in EndpointSlices and Endpoints, by the port they name', async () => {
    await cluster.client.create<Service>('services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default', labels: { team: 'a' } },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
    });
    await cluster.advance(10);
    const slices = () =>
      cluster.client.list<EndpointSlice>('endpointslices.discovery.k8s.io', {
        matchLabels: { 'kubernetes.io/service-name': 'web' },
      });
    expect(slices()).toHaveLength(1);
    notReady.add('web-2');
    await createPod('web-1', { app: 'web' });
    await createPod('web-2', { app: 'web' });
    await cluster.advance(1000);
    const [slice] = slices();
    expect(slices()).toHaveLength(1);
    expect(slice?.ports).toEqual([{ name: '', port: 8080, protocol: 'TCP' }]);
    expect(
      slice?.endpoints?.map(({ targetRef, conditions }) => [targetRef?.name, conditions?.ready]),
    ).toEqual([
      ['web-1', true],
      ['web-2', false],
    ]);
    const endpoints = cluster.client.get<Endpoints>('endpoints', 'default', 'web');
    expect(endpoints?.subsets).toMatchObject([
      {
        addresses: [{ targetRef: { name: 'web-1' } }],
        notReadyAddresses: [{ targetRef: { name: 'web-2' } }],
        ports: [{ port: 8080, protocol: 'TCP' }],
      },
    ]);
    await cluster.client.delete('services', 'default', 'web');
    await cluster.advance(10);
    expect([slices(), cluster.client.get('endpoints', 'default', 'web')]).toEqual([[], undefined]);
  });
});

describe('a Namespace', () => {
  const create = (name: string) =>
    cluster.client.create<Namespace>('namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
      spec: {},
    });

  it('comes with a service account and the root certificate', async () => {
    await create('shop');
    await cluster.advance(0);
    expect(cluster.client.get('serviceaccounts', 'shop', 'default')).toBeDefined();
    const published = cluster.client.get<ConfigMap>('configmaps', 'shop', 'kube-root-ca.crt');
    expect(published?.data?.['ca.crt']).toContain('BEGIN CERTIFICATE');
  });

  it('takes its content with it, and says what it waits for', async () => {
    await create('shop');
    await cluster.advance(0);
    await createPod('web', {}, 'shop');
    await cluster.client.create('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'held', namespace: 'shop', finalizers: ['example.com/hold'] },
    });
    await cluster.advance(1000);
    await cluster.client.delete('namespaces', undefined, 'shop');
    // Whoever asked for it has some seconds to delete the content too, before it is gone.
    await cluster.advance(3000);
    expect(pods('shop')).toHaveLength(1);
    await cluster.advance(4000);
    const shop = () => cluster.client.get<Namespace>('namespaces', undefined, 'shop');
    expect(pods('shop')).toEqual([]);
    expect(shop()?.status?.conditions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          type: 'NamespaceContentRemaining',
          message: 'Some resources are remaining: configmaps. has 1 resource instances',
        }),
        expect.objectContaining({
          type: 'NamespaceFinalizersRemaining',
          message:
            'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
        }),
      ]),
    );
    await cluster.client.mergePatch('configmaps', 'shop', 'held', { metadata: { finalizers: null } });
    await cluster.advance(10);
    expect(shop()).toBeUndefined();
  });
});

describe('owners', () => {
  const configMap = (name: string, owner?: ConfigMap, more: Partial<ObjectMeta> = {}) =>
    cluster.client.create<ConfigMap>('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name,
        namespace: 'default',
        ...more,
        ...(owner && {
          ownerReferences: [
            {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              name: owner.metadata.name,
              uid: owner.metadata.uid,
              blockOwnerDeletion: true,
            },
          ],
        }),
      },
    });
  const exists = (name: string) => cluster.client.get('configmaps', 'default', name) !== undefined;

  it('that were never there make their dependents garbage', async () => {
    const owner = await configMap('owner');
    await configMap('child', { ...owner, metadata: { ...owner.metadata, uid: 'other' } });
    await cluster.advance(10);
    expect(exists('child')).toBe(false);
  });

  it('that are deleted in the foreground wait for their dependents', async () => {
    const owner = await configMap('owner');
    await configMap('child', owner, { finalizers: ['example.com/hold'] });
    await cluster.advance(10);
    await cluster.client.delete('configmaps', 'default', 'owner', { propagationPolicy: 'Foreground' });
    await cluster.advance(10);
    expect([exists('owner'), exists('child')]).toEqual([true, true]);
    await cluster.client.mergePatch('configmaps', 'default', 'child', { metadata: { finalizers: null } });
    await cluster.advance(10);
    expect([exists('owner'), exists('child')]).toEqual([false, false]);
  });
});

describe('budgets, quotas and nodes', () => {
  it('counts the disruptions that a budget allows', async () => {
    await cluster.client.create<PodDisruptionBudget>('poddisruptionbudgets.policy', {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web', namespace: 'default' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
    });
    await createPod('web-1', { app: 'web' });
    await createPod('web-2', { app: 'web' });
    await cluster.advance(1000);
    const budget = cluster.client.get<PodDisruptionBudget>('poddisruptionbudgets.policy', 'default', 'web');
    expect(budget?.status).toMatchObject({
      currentHealthy: 2,
      desiredHealthy: 1,
      disruptionsAllowed: 1,
      expectedPods: 2,
    });
  });

  it('keeps what a quota says is used', async () => {
    await cluster.client.create<ResourceQuota>('resourcequotas', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'few', namespace: 'default' },
      spec: { hard: { pods: '2', configmaps: '5' } },
    });
    await createPod('web-1', {});
    await cluster.advance(10);
    const quota = cluster.client.get<ResourceQuota>('resourcequotas', 'default', 'few');
    expect(quota?.status).toEqual({
      hard: { pods: '2', configmaps: '5' },
      used: { pods: '1', configmaps: '1' },
    });
  });

  it('gives up a node that falls silent, and evicts its pods after their toleration', async () => {
    await cluster.client.create('leases.coordination.k8s.io', {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'worker-1', namespace: 'kube-node-lease' },
      ...{
        spec: {
          holderIdentity: 'worker-1',
          renewTime: new Date(cluster.clock.now()).toISOString().replace('Z', '000Z'),
        },
      },
    });
    await cluster.client.mergePatch('nodes', undefined, 'worker-2', { spec: { unschedulable: true } });
    await createPod('web', {});
    await cluster.advance(40_000);
    const node = () => cluster.client.get<Node>('nodes', undefined, 'worker-1');
    expect(node()?.spec.taints ?? []).toEqual([]);
    await cluster.advance(20_000);
    expect(node()?.status?.conditions?.[0]).toMatchObject({
      type: 'Ready',
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
    });
    expect(node()?.spec.taints).toMatchObject([
      { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
    ]);
    expect(podNames()).toEqual(['web']);
    await cluster.advance(300_000);
    expect(podNames()).toEqual([]);
    expect(cluster.eventsOf('web')).toContain('TaintManagerEviction: Marking for deletion Pod default/web');
  });
});
