import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../object.js';
import { ApplyConflict, applyConfiguration } from './apply.js';
import { cloneJson, type JsonObject } from './json.js';
import { trackUpdate } from './managed-fields.js';

const TYPES: Record<string, string> = {
  ConfigMap: 'io.k8s.api.core.v1.ConfigMap',
  Deployment: 'io.k8s.api.apps.v1.Deployment',
};
const TIME = '2026-11-21T02:23:15Z';

function apply(live: KubernetesObject | undefined, applied: JsonObject, manager: string, force = false) {
  const apiVersion = String(applied['apiVersion']);
  const typeName = TYPES[String(applied['kind'])];
  return applyConfiguration({ live, applied, manager, force, apiVersion, typeName, time: TIME }).object;
}

type ConfigMap = KubernetesObject & { data?: Record<string, string> };

const configMap = (data: Record<string, string>): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'ssa', namespace: 'default' },
  data,
});

const owners = (object: KubernetesObject) =>
  Object.fromEntries(
    (object.metadata.managedFields ?? []).map(({ manager, fieldsV1 }) => [manager, fieldsV1]),
  );

describe('applyConfiguration', () => {
  it('records who owns what, refuses to take over, and takes over by force', () => {
    const first = apply(undefined, configMap({ a: '1', b: '2' }), 'kubectl');
    expect(() => apply(first, configMap({ a: '9', c: '3' }), 'other')).toThrow(
      'Apply failed with 1 conflict: conflict with "kubectl": .data.a',
    );
    const second = apply(first, configMap({ a: '9', c: '3' }), 'other', true) as ConfigMap;
    expect(second.data).toEqual({ a: '9', b: '2', c: '3' });
    expect(owners(second)).toEqual({
      kubectl: { 'f:data': { 'f:b': {} } },
      other: { 'f:data': { 'f:a': {}, 'f:c': {} } },
    });
  });

  it('removes what it no longer applies, unless another owns it too', () => {
    const shared = apply(
      apply(undefined, configMap({ a: '1', b: '2' }), 'one'),
      configMap({ b: '2' }),
      'two',
    );
    const { data } = apply(shared, configMap({ c: '3' }), 'one') as ConfigMap;
    expect(data).toEqual({ b: '2', c: '3' });
  });

  const deployment = (containers: unknown[], replicas?: number): JsonObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: { ...(replicas !== undefined && { replicas }), template: { spec: { containers } } },
  });

  it('names updaters and list items in conflicts', () => {
    const live = deployment([{ name: 'web', image: 'nginx:1' }], 1) as unknown as KubernetesObject;
    const managedFields = trackUpdate({
      before: undefined,
      after: live,
      manager: 'kubectl-client-side-apply',
      operation: 'Update',
      apiVersion: 'apps/v1',
      typeName: TYPES['Deployment'],
      time: TIME,
    });
    const owned = { ...live, metadata: { ...live.metadata, managedFields } };
    expect(() => apply(owned, deployment([{ name: 'web', image: 'nginx:2' }], 2), 'me')).toThrow(
      'Apply failed with 2 conflicts: conflicts with "kubectl-client-side-apply" using apps/v1:\n- .spec.replicas\n- .spec.template.spec.containers[name="web"].image',
    );
  });

  it('removes a list item with what defaults put into it', () => {
    const first = apply(
      undefined,
      deployment([
        { name: 'web', image: 'a' },
        { name: 'side', image: 'b' },
      ]),
      'me',
    );
    const live = cloneJson(first) as unknown as {
      spec: { template: { spec: { containers: JsonObject[] } } };
    };
    for (const container of live.spec.template.spec.containers) container['imagePullPolicy'] = 'Always';
    const next = apply(live as unknown as KubernetesObject, deployment([{ name: 'web', image: 'a' }]), 'me');
    expect((next as unknown as typeof live).spec.template.spec.containers).toEqual([
      { name: 'web', image: 'a', imagePullPolicy: 'Always' },
    ]);
  });

  const data = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), fc.constantFrom('1', '2', '3'), {
    noNullPrototype: true,
  });

  it('is idempotent, and leaves its arguments alone', () => {
    fc.assert(
      fc.property(data, data, data, (before, other, mine) => {
        const live = apply(apply(undefined, configMap(before), 'me'), configMap(other), 'other', true);
        const snapshot = cloneJson(live);
        const once = apply(live, configMap(mine), 'me', true) as ConfigMap;
        expect(live).toEqual(snapshot);
        expect(once.data ?? {}).toMatchObject(mine);
        expect(apply(once, configMap(mine), 'me')).toEqual(once);
      }),
    );
  });

  it('never finds a conflict between managers of different fields', () => {
    fc.assert(
      fc.property(data, data, (one, two) => {
        const disjoint = Object.fromEntries(Object.entries(two).filter(([key]) => !(key in one)));
        const live = apply(undefined, configMap(one), 'one');
        const both = apply(live, configMap(disjoint), 'two') as ConfigMap;
        expect(both.data ?? {}).toEqual({ ...one, ...disjoint });
        expect(apply(both, configMap(one), 'one')).toEqual(both);
      }),
    );
  });

  it('finds a conflict wherever managers want different values', () => {
    const live = apply(undefined, configMap({ a: '1' }), 'one');
    expect(() => apply(live, configMap({ a: '2' }), 'two')).toThrow(ApplyConflict);
    expect(owners(apply(live, configMap({ a: '1' }), 'two'))).toEqual({
      one: { 'f:data': { 'f:a': {} } },
      two: { 'f:data': { 'f:a': {} } },
    });
  });
});

describe('trackUpdate', () => {
  const track = (before: ConfigMap | undefined, after: ConfigMap, manager: string, time = TIME) =>
    trackUpdate({
      before,
      after,
      manager,
      operation: 'Update',
      apiVersion: 'v1',
      typeName: TYPES['ConfigMap'],
      time,
    });

  it('moves a changed field to its last writer, and drops managers without fields', () => {
    const created = configMap({ a: '1', b: '2' }) as unknown as ConfigMap;
    created.metadata.managedFields = track(undefined, created, 'one');
    expect(owners(created)).toEqual({ one: { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } } });
    const changed = { ...created, data: { a: '9', b: '2' } };
    changed.metadata = {
      ...created.metadata,
      managedFields: track(created, changed, 'two', '2026-11-21T03:00:00Z'),
    };
    expect(owners(changed)).toEqual({
      one: { 'f:data': { '.': {}, 'f:b': {} } },
      two: { 'f:data': { 'f:a': {} } },
    });
    const { data: _, ...emptied } = changed;
    expect(track(changed, emptied, 'two')).toEqual([]);
  });

  it('gives back the very same entries when nothing changed', () => {
    const created = configMap({ a: '1' }) as unknown as ConfigMap;
    created.metadata.managedFields = track(undefined, created, 'one');
    expect(track(created, { ...created }, 'two')).toBe(created.metadata.managedFields);
  });
});
