import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Deployment, ReplicaSet } from '../../api/apps-v1.generated.js';
import type { Pod } from '../../api/core-v1.generated.js';
import { startTestCluster, type TestCluster } from '../testing/start-test-cluster.js';

const DEPLOYMENTS = 'deployments.apps';

describe('a Deployment', () => {
  let cluster: TestCluster;
  /** Images whose pods never become ready. */
  const broken = new Set<string>();

  beforeEach(async () => {
    broken.clear();
    cluster = await startTestCluster((pod) => ({ ready: !broken.has(pod.spec.containers[0]?.image ?? '') }));
  });
  afterEach(() => {
    expect(cluster.errors).toEqual([]);
    cluster.stop();
  });

  const create = (spec: Partial<Deployment['spec']> = {}) =>
    cluster.client.create<Deployment>(DEPLOYMENTS, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } } as unknown as Pod['metadata'],
          spec: { containers: [{ name: 'nginx', image: 'nginx:1.25' }] },
        },
        ...spec,
      },
    });
  const get = () => cluster.client.get<Deployment>(DEPLOYMENTS, 'default', 'web');
  const patch = (spec: Record<string, unknown>) =>
    cluster.client.mergePatch<Deployment>(DEPLOYMENTS, 'default', 'web', { spec });
  const setImage = (image: string) =>
    patch({ template: { spec: { containers: [{ name: 'nginx', image }] } } });
  const replicaSets = () => cluster.client.list<ReplicaSet>('replicasets.apps', { namespace: 'default' });
  const pods = () => cluster.client.list<Pod>('pods', { namespace: 'default' });
  const progressing = () => get()?.status?.conditions?.find(({ type }) => type === 'Progressing');

  it('brings up its pods and says so in status, conditions and events', async () => {
    await create();
    await cluster.advance(1000);
    const name = replicaSets()[0]?.metadata.name;
    expect(get()?.metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' });
    expect(get()?.status).toMatchObject({
      availableReplicas: 3,
      observedGeneration: 1,
      readyReplicas: 3,
      replicas: 3,
      terminatingReplicas: 0,
      updatedReplicas: 3,
      conditions: [
        {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        },
        {
          type: 'Progressing',
          status: 'True',
          reason: 'NewReplicaSetAvailable',
          message: `ReplicaSet "${name}" has successfully progressed.`,
        },
      ],
    });
    expect(get()?.status).not.toHaveProperty('unavailableReplicas');
    expect(cluster.eventsOf('web')).toEqual([`ScalingReplicaSet: Scaled up replica set ${name} from 0 to 3`]);
    expect(new Set(pods().map((pod) => pod.spec.nodeName)).size).toBe(2);
  });

  it('rolls within surge and availability, and back to the same ReplicaSet', async () => {
    await create({ replicas: 5 });
    await cluster.advance(1000);
    const first = replicaSets()[0]?.metadata.name;
    let [most, leastAvailable] = [0, 5];
    const stopWatching = cluster.client.watch<Deployment>(DEPLOYMENTS, ({ object }) => {
      leastAvailable = Math.min(leastAvailable, object.status?.availableReplicas ?? 0);
      most = Math.max(
        most,
        replicaSets().reduce((sum, set) => sum + (set.spec.replicas ?? 0), 0),
      );
    });
    await setImage('nginx:1.27');
    await cluster.advance(5000);
    expect({ most, leastAvailable }).toEqual({ most: 7, leastAvailable: 4 });
    expect(pods().map((pod) => pod.spec.containers[0]?.image)).toEqual(Array(5).fill('nginx:1.27'));

    await setImage('nginx:1.25');
    await cluster.advance(5000);
    stopWatching();
    const revived = replicaSets().find((set) => set.metadata.name === first);
    expect(replicaSets()).toHaveLength(2);
    expect(revived?.spec.replicas).toBe(5);
    expect(revived?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
    expect(get()?.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
  });

  it('gives up on a rollout that does not progress, and keeps the old pods', async () => {
    await create({ progressDeadlineSeconds: 60 });
    await cluster.advance(1000);
    broken.add('nginx:broken');
    await setImage('nginx:broken');
    await cluster.advance(30_000);
    expect(progressing()?.reason).toBe('ReplicaSetUpdated');
    await cluster.advance(60_000);
    const current = replicaSets().find(
      (set) => set.metadata.annotations?.['deployment.kubernetes.io/revision'] === '2',
    );
    expect(progressing()).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: `ReplicaSet "${current?.metadata.name}" has timed out progressing.`,
    });
    expect(get()?.status?.availableReplicas).toBe(3);
  });

  it('does not roll while paused, but scales', async () => {
    await create();
    await cluster.advance(1000);
    await patch({ paused: true });
    await cluster.advance(1000);
    expect(progressing()).toMatchObject({ status: 'Unknown', reason: 'DeploymentPaused' });
    await setImage('nginx:1.27');
    await patch({ replicas: 4 });
    await cluster.advance(1000);
    expect(replicaSets()).toHaveLength(1);
    expect(pods()).toHaveLength(4);
    await patch({ paused: false });
    await cluster.advance(5000);
    expect(get()?.status?.updatedReplicas).toBe(4);
  });

  it('recreates only after the old pods are gone', async () => {
    await create({ strategy: { type: 'Recreate' } });
    await cluster.advance(1000);
    let mixed = false;
    cluster.client.watch<Pod>('pods', () => {
      mixed ||= new Set(pods().map((pod) => pod.spec.containers[0]?.image)).size > 1;
    });
    await setImage('nginx:1.27');
    await cluster.advance(5000);
    expect(mixed).toBe(false);
    expect(get()?.status).toMatchObject({ updatedReplicas: 3, availableReplicas: 3 });
  });

  it('keeps only as many old ReplicaSets as its history limit says', async () => {
    await create({ revisionHistoryLimit: 1, replicas: 1 });
    for (const image of ['nginx:2', 'nginx:3', 'nginx:4']) {
      await cluster.advance(2000);
      await setImage(image);
    }
    await cluster.advance(2000);
    const revisions = replicaSets().map(
      (set) => set.metadata.annotations?.['deployment.kubernetes.io/revision'],
    );
    expect(revisions.sort()).toEqual(['3', '4']);
  });

  it('takes everything with it when it is deleted', async () => {
    await create();
    await cluster.advance(1000);
    await cluster.client.delete(DEPLOYMENTS, 'default', 'web');
    await cluster.advance(2000);
    expect([replicaSets(), pods()]).toEqual([[], []]);
  });

  it('leaves its ReplicaSet behind when it is deleted as an orphaner, and adopts it when it comes back', async () => {
    await create();
    await cluster.advance(1000);
    await cluster.client.delete(DEPLOYMENTS, 'default', 'web', { propagationPolicy: 'Orphan' });
    await cluster.advance(1000);
    const [left] = replicaSets();
    expect([get(), left?.metadata.ownerReferences ?? [], pods().length]).toEqual([undefined, [], 3]);
    const again = await create();
    await cluster.advance(1000);
    expect(replicaSets()).toHaveLength(1);
    expect(replicaSets()[0]?.metadata.ownerReferences?.[0]?.uid).toBe(again.metadata.uid);
  });
});
