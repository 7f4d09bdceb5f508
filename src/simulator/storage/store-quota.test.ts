import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KubernetesObject } from '../object.js';
import { openStore } from './open-store.js';

const KIBIBYTE = 1024;
const origin = { user: 'learner', groups: [], verb: 'create', timeMs: 0 };
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'seatrial-store-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const configMap = (name: string, bytes: number): KubernetesObject & { data: object } => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name,
    namespace: 'default',
    uid: name,
    creationTimestamp: '2026-01-01T00:00:00Z',
    resourceVersion: '',
  },
  data: { text: 'x'.repeat(bytes) },
});
const writer = (limits: { bytes: number; objects: number }) => {
  const { store, audit, close } = openStore(directory, limits);
  const write = (type: 'ADDED' | 'MODIFIED' | 'DELETED', name: string, bytes: number) =>
    store.commit({ resource: 'configmaps', type, origin, object: configMap(name, bytes) });
  return { store, audit, close, write };
};

test('a full store takes nothing more, says so as etcd does, and can be emptied', () => {
  const { store, close, write } = writer({ bytes: 4_000 * KIBIBYTE, objects: 100 });
  const fill = () => {
    for (let index = 0; index < 20; index++) write('ADDED', `big-${store.revision}`, 500 * KIBIBYTE);
  };
  expect(fill).toThrow('etcdserver: mvcc: database space exceeded');
  expect(store.count('configmaps')).toBeGreaterThanOrEqual(6);
  expect(store.count('configmaps')).toBeLessThanOrEqual(9);
  const [first] = store.list('configmaps');
  const name = first?.metadata.name ?? '';
  expect(() => write('MODIFIED', name, 900 * KIBIBYTE)).toThrow('space exceeded');
  write('MODIFIED', name, 500 * KIBIBYTE);
  for (const { metadata } of store.list('configmaps')) write('DELETED', metadata.name, 500 * KIBIBYTE);
  write('ADDED', 'again', 500 * KIBIBYTE);
  close();
});

test('many versions of one object are no reason to refuse, nor kept in memory', () => {
  const { store, audit, close, write } = writer({ bytes: 4_000 * KIBIBYTE, objects: 100 });
  write('ADDED', 'one', 500 * KIBIBYTE);
  for (let index = 0; index < 100; index++) write('MODIFIED', 'one', 500 * KIBIBYTE + index * KIBIBYTE);
  expect(audit.since(0).complete).toBe(false);
  expect(audit.since(0).records.length).toBeLessThan(40);
  expect(store.since('configmaps', 1)).toBeUndefined();
  expect(store.since('configmaps', store.revision - 2)).toHaveLength(2);
  close();
});

test('the number of objects of one resource is limited', () => {
  const { close, write } = writer({ bytes: 4_000 * KIBIBYTE, objects: 3 });
  for (const name of ['a', 'b', 'c']) write('ADDED', name, 1);
  expect(() => write('ADDED', 'd', 1)).toThrow('space exceeded');
  write('DELETED', 'a', 1);
  write('ADDED', 'd', 1);
  close();
});
