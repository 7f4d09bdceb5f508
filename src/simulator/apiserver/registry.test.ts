import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Draft, KubernetesObject } from '../object.js';
import type { Working } from './strategies/strategy.js';
import { startTestServer, testCaller } from './testing/test-server.js';

type Fields = KubernetesObject & Record<string, unknown>;
let server: Awaited<ReturnType<typeof startTestServer>>;

beforeAll(async () => {
  server = await startTestServer();
  await make('v1', 'ServiceAccount', 'serviceaccounts', { metadata: { name: 'default' } });
});
afterAll(() => server.close());

function make(apiVersion: string, kind: string, resource: string, fields: object): Promise<Fields> {
  const { metadata, ...rest } = fields as { metadata: object };
  const object = { apiVersion, kind, metadata: { namespace: 'default', ...metadata }, ...rest };
  return server.client.create(resource, object as unknown as Draft<Fields>);
}

const configMap = (metadata: object, data = { a: '1' }) =>
  make('v1', 'ConfigMap', 'configmaps', { metadata, data });
const pod = (name: string, spec: object = {}) =>
  make('v1', 'Pod', 'pods', {
    metadata: { name },
    spec: { containers: [{ name: 'a', image: 'nginx' }], ...spec },
  });
const service = (name: string, spec: object) =>
  make('v1', 'Service', 'services', { metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } });
const deployment = (name: string) =>
  make('apps/v1', 'Deployment', 'deployments.apps', {
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'a', image: 'nginx' }] },
      },
    },
  });

describe('creating', () => {
  it('refuses a namespace that does not exist', async () => {
    await expect(configMap({ name: 'x', namespace: 'nowhere' })).rejects.toMatchObject({
      code: 404,
      message: 'namespaces "nowhere" not found',
    });
  });

  it('refuses a name that is taken', async () => {
    await configMap({ name: 'taken' });
    await expect(configMap({ name: 'taken' })).rejects.toMatchObject({ code: 409, reason: 'AlreadyExists' });
  });

  it('generates names', async () => {
    const { metadata } = await configMap({ generateName: 'gen-' });
    expect(metadata.name).toMatch(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it('stores nothing on a dry run, and gives back what it took', async () => {
    const resource = server.registry.core.catalogue.find('v1', 'services');
    if (!resource) throw new Error('no services');
    const object = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'dry' },
      spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 31_111 }] },
    } as unknown as Working;
    const created = await server.registry.create(
      { resource, namespace: 'default' },
      object,
      testCaller({ dryRun: true }),
    );
    expect(created.metadata.uid).not.toBe('');
    expect(server.store.get('services', 'default', 'dry')).toBeUndefined();
    await service('wet', { type: 'NodePort', ports: [{ port: 80, nodePort: 31_111 }] });
  });

  it('gives a pod what admission and the server give it', async () => {
    const { spec, status } = (await pod('complete')) as Fields & { spec: Record<string, unknown> };
    expect(status).toMatchObject({ phase: 'Pending', qosClass: 'BestEffort' });
    expect(spec).toMatchObject({
      serviceAccountName: 'default',
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
    });
    expect(spec['tolerations']).toHaveLength(2);
    expect(JSON.stringify(spec['volumes'])).toContain('kube-api-access-');
  });
});

describe('updating', () => {
  it('refuses what was made from an older version', async () => {
    const first = await configMap({ name: 'old' });
    await server.client.mergePatch('configmaps', 'default', 'old', { data: { a: '2' } });
    await expect(
      server.client.update('configmaps', { ...first, data: { a: '3' } } as Fields),
    ).rejects.toMatchObject({
      code: 409,
      message:
        'Operation cannot be fulfilled on configmaps "old": the object has been modified; please apply your changes to the latest version and try again',
    });
  });

  it('writes nothing when nothing changes', async () => {
    const first = await configMap({ name: 'same' });
    const again = await server.client.update('configmaps', structuredClone(first));
    expect(again.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  it('never changes what it stored before', async () => {
    const first = await deployment('kept');
    const before = JSON.stringify(first);
    await server.client.mergePatch('deployments.apps', 'default', 'kept', { spec: { replicas: 4 } });
    await server.client.mergePatch(
      'deployments.apps',
      'default',
      'kept',
      { status: { replicas: 4 } },
      'status',
    );
    await server.client.delete('deployments.apps', 'default', 'kept', { propagationPolicy: 'Foreground' });
    expect(JSON.stringify(first)).toBe(before);
  });

  it('keeps desired state and status apart, and counts changes of the first', async () => {
    await deployment('apart');
    const patch = { spec: { replicas: 3 }, status: { replicas: 9 } };
    const spec = await server.client.mergePatch<Fields>('deployments.apps', 'default', 'apart', patch);
    expect(spec).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 3 } });
    expect(spec['status']).not.toMatchObject({ replicas: 9 });
    const status = await server.client.mergePatch<Fields>(
      'deployments.apps',
      'default',
      'apart',
      {
        spec: { replicas: 7 },
        status: { replicas: 9 },
      },
      'status',
    );
    expect(status).toMatchObject({
      metadata: { generation: 2 },
      spec: { replicas: 3 },
      status: { replicas: 9 },
    });
  });

  it('keeps the addresses of a service, and gives them back when it does not need them', async () => {
    const { spec } = (await service('web', { type: 'NodePort' })) as unknown as {
      spec: { clusterIP: string; ports: { nodePort: number }[] };
    };
    const nodePort = spec.ports[0]?.nodePort ?? 0;
    expect(spec.clusterIP).toMatch(/^10\.96\./);
    expect(nodePort).toBeGreaterThanOrEqual(30_000);
    const patched = await server.client.mergePatch<Fields>('services', 'default', 'web', {
      spec: { ports: [{ port: 80 }] },
    });
    expect(patched['spec']).toMatchObject({ clusterIP: spec.clusterIP, ports: [{ nodePort }] });
    await expect(
      service('thief', { type: 'NodePort', ports: [{ port: 1, nodePort }] }),
    ).rejects.toMatchObject({
      message: `Service "thief" is invalid: spec.ports[0].nodePort: Invalid value: ${nodePort}: provided port is already allocated`,
    });
    await server.client.mergePatch('services', 'default', 'web', { spec: { type: 'ClusterIP' } });
    await service('heir', { type: 'NodePort', ports: [{ port: 1, nodePort }] });
  });
});

describe('what the server counts', () => {
  it('a pod stays at its generation when it is put on a node', async () => {
    await pod('bound');
    await server.client.createSubresource('pods', 'default', 'bound', 'binding', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'bound' },
      target: { apiVersion: 'v1', kind: 'Node', name: 'one' },
    } as never);
    const bound = server.client.get('pods', 'default', 'bound') as unknown as Fields;
    expect(bound.metadata.generation).toBe(1);
    expect(bound['spec']).toMatchObject({ nodeName: 'one' });
  });

  it('the templates that a DaemonSet has had, whatever its author writes there', async () => {
    const annotation = 'deprecated.daemonset.template.generation';
    const labels = { app: 'agent' };
    const made = await make('apps/v1', 'DaemonSet', 'daemonsets.apps', {
      metadata: { name: 'agent', annotations: { [annotation]: '7' } },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'busybox' }] } },
      },
    });
    expect(made.metadata.annotations).toEqual({ [annotation]: '1' });
    const patch = (fields: object) =>
      server.client.mergePatch('daemonsets.apps', 'default', 'agent', fields as never);
    const image = (name: string) => ({
      spec: { template: { spec: { containers: [{ name: 'a', image: name }] } } },
    });
    expect((await patch({ metadata: { annotations: null } })).metadata.annotations?.[annotation]).toBe('1');
    expect((await patch(image('busybox:1.36'))).metadata.annotations?.[annotation]).toBe('2');
  });
});

describe('deleting', () => {
  it('waits for finalizers', async () => {
    await configMap({ name: 'held', finalizers: ['example.com/hold'] });
    await server.client.delete('configmaps', 'default', 'held');
    expect(server.client.get('configmaps', 'default', 'held')?.metadata.deletionTimestamp).toBeDefined();
    await server.client.mergePatch('configmaps', 'default', 'held', { metadata: { finalizers: null } });
    expect(server.client.get('configmaps', 'default', 'held')).toBeUndefined();
  });

  it('gives a running pod its grace, which can only become shorter', async () => {
    await pod('slow', { nodeName: 'node-1' });
    await server.client.delete('pods', 'default', 'slow', { gracePeriodSeconds: 20 });
    await server.client.delete('pods', 'default', 'slow', { gracePeriodSeconds: 60 });
    expect(server.client.get('pods', 'default', 'slow')?.metadata.deletionGracePeriodSeconds).toBe(20);
    await server.client.delete('pods', 'default', 'slow', { gracePeriodSeconds: 0 });
    expect(server.client.get('pods', 'default', 'slow')).toBeUndefined();
  });

  it('removes a pod that is on no node at once', async () => {
    await pod('unplaced');
    await server.client.delete('pods', 'default', 'unplaced');
    expect(server.client.get('pods', 'default', 'unplaced')).toBeUndefined();
  });

  it('marks what its dependents hold', async () => {
    await deployment('parent');
    await server.client.delete('deployments.apps', 'default', 'parent', { propagationPolicy: 'Foreground' });
    expect(server.client.get('deployments.apps', 'default', 'parent')?.metadata.finalizers).toEqual([
      'foregroundDeletion',
    ]);
  });

  it('honours preconditions', async () => {
    const { metadata } = await configMap({ name: 'precise' });
    const other = server.client.delete('configmaps', 'default', 'precise', { uid: 'another' });
    await expect(other).rejects.toMatchObject({ code: 409 });
    await server.client.delete('configmaps', 'default', 'precise', { uid: metadata.uid });
  });

  it('keeps a namespace until it is finalized, and lets nothing new in', async () => {
    await make('v1', 'Namespace', 'namespaces', { metadata: { name: 'going', namespace: undefined } });
    await server.client.delete('namespaces', undefined, 'going');
    expect(server.client.get('namespaces', undefined, 'going')).toMatchObject({
      status: { phase: 'Terminating' },
    });
    await expect(configMap({ name: 'late', namespace: 'going' })).rejects.toMatchObject({
      code: 403,
      message:
        'configmaps "late" is forbidden: unable to create new content in namespace going because it is being terminated',
    });
    await server.client.mergePatch(
      'namespaces',
      undefined,
      'going',
      { spec: { finalizers: [] } },
      'finalize',
    );
    expect(server.client.get('namespaces', undefined, 'going')).toBeUndefined();
  });
});

it('records who wrote what', async () => {
  const { metadata } = await configMap({ name: 'seen' });
  const commits = server.store.since('configmaps', Number(metadata.resourceVersion) - 1);
  expect(commits?.[0]?.origin).toMatchObject({ user: 'system:test', verb: 'create' });
});
