import { expect, it } from 'vitest';
import type { KubernetesObject } from '../object.js';
import { ClusterMould } from './cluster-mould.js';

const NODE_UID = '0b0c0d0e-1111-4222-8333-444455556666';
const POD_UID = 'a0b0c0d0-1111-4222-8333-444455556666';
const CONTAINER = `containerd://${'0a'.repeat(32)}`;
const AUTHORITY = '-----BEGIN CERTIFICATE-----\nold\n';

function original() {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'one', uid: NODE_UID, creationTimestamp: '2026-01-01T00:00:00Z', resourceVersion: '1' },
    status: { capacity: { cpu: '4' } },
  };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-x7k2p',
      generateName: 'web-',
      namespace: 'default',
      uid: POD_UID,
      creationTimestamp: '2026-01-01T00:00:05Z',
      resourceVersion: '2',
      annotations: { hash: NODE_UID.replaceAll('-', '') },
      managedFields: [{ time: '2026-01-01T00:00:05Z', fieldsV1: { [`k:{"uid":"${NODE_UID}"}`]: {} } }],
    },
    spec: { containers: [{ name: 'web', image: 'nginx' }] },
    status: { message: `pod web-x7k2p_default(${POD_UID}) runs ${CONTAINER}`, ca: AUTHORITY },
  };
  return [
    { resource: 'nodes', object: node as unknown as KubernetesObject },
    { resource: 'pods', object: pod as unknown as KubernetesObject },
  ];
}

/** To look into at any depth. */
const anything = (object: unknown) => object as ReturnType<typeof JSON.parse>;
const mould = () => new ClusterMould({ revision: 2, objects: original() }, AUTHORITY);
const cast = (from = mould()) => {
  const facts = { nowMs: Date.parse('2026-06-01T12:00:00Z'), certificateAuthority: 'new' };
  const { revision, objects } = from.cast(facts);
  return { revision, node: anything(objects[0]?.object), pod: anything(objects[1]?.object) };
};

it('gives each cluster names and uids of its own, the same wherever they are mentioned', () => {
  const { revision, node, pod } = cast();
  const { uid, name } = pod.metadata;
  expect(revision).toBe(2);
  expect([node.metadata.uid, uid]).not.toContain(NODE_UID);
  expect(name).toMatch(/^web-[a-z0-9]{5}$/);
  expect(name).not.toBe('web-x7k2p');
  expect(pod.metadata.annotations.hash).toBe(node.metadata.uid.replaceAll('-', ''));
  expect(Object.keys(pod.metadata.managedFields[0].fieldsV1)).toEqual([`k:{"uid":"${node.metadata.uid}"}`]);
  expect(pod.status.message).toMatch(
    new RegExp(`^pod ${name}_default\\(${uid}\\) runs containerd://[0-9a-f]{64}$`),
  );
  expect(pod.status.message).not.toContain(CONTAINER);
  expect(pod.status.ca).toBe('new');
});

it('moves all times so that the latest is now', () => {
  const { node, pod } = cast();
  expect(pod.metadata.managedFields[0].time).toBe('2026-06-01T12:00:00Z');
  expect(node.metadata.creationTimestamp).toBe('2026-06-01T11:59:55Z');
});

it('shares what is the same everywhere, and lets nobody change it', () => {
  const from = mould();
  const [first, second] = [cast(from), cast(from)];
  expect(first.pod.metadata.uid).not.toBe(second.pod.metadata.uid);
  expect(first.pod.spec).toBe(second.pod.spec);
  expect(Object.isFrozen(first.pod.spec.containers[0])).toBe(true);
  expect(Object.isFrozen(first.pod.metadata)).toBe(false);
});
