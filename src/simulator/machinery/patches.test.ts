import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cloneJson, equalJson, type JsonObject } from './json.js';
import { applyJsonPatch } from './json-patch.js';
import { applyMergePatch } from './merge-patch.js';
import { applyStrategicMergePatch } from './strategic-merge-patch.js';

const POD = 'io.k8s.api.core.v1.Pod';
const DEPLOYMENT = 'io.k8s.api.apps.v1.Deployment';

describe('merge patch', () => {
  /** The pseudocode of RFC 7386, section 2. */
  const model = (target: unknown, patch: unknown): unknown => {
    if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
    const members = new Map(
      typeof target === 'object' && target !== null && !Array.isArray(target) ? Object.entries(target) : [],
    );
    for (const [name, value] of Object.entries(patch))
      if (value === null) members.delete(name);
      else members.set(name, model(members.get(name), value));
    return Object.fromEntries(members);
  };

  it('takes __proto__ for a name like any other', () => {
    const patch = JSON.parse('{"__proto__": {"a": 1}}');
    const patched = applyMergePatch({ b: 2 }, patch);
    expect(JSON.stringify(patched)).toBe('{"b":2,"__proto__":{"a":1}}');
    expect((patched as { a?: number }).a).toBeUndefined();
  });

  it('is that of RFC 7386 and changes nothing in place', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
        const before = cloneJson([target, patch]);
        expect(equalJson(applyMergePatch(target, patch), model(target, patch))).toBe(true);
        expect([target, patch]).toEqual(before);
      }),
    );
  });
});

describe('JSON patch', () => {
  const target = { metadata: { labels: { app: 'web' } }, list: ['a', 'b'] };

  it('applies every operation', () => {
    expect(
      applyJsonPatch(target, [
        { op: 'test', path: '/metadata/labels/app', value: 'web' },
        { op: 'add', path: '/list/-', value: 'c' },
        { op: 'replace', path: '/list/0', value: 'x' },
        { op: 'remove', path: '/list/1' },
        { op: 'copy', from: '/list/0', path: '/first' },
        { op: 'move', from: '/metadata/labels', path: '/labels' },
        { op: 'add', path: '/labels/a~1b', value: '1' },
      ]),
    ).toEqual({ metadata: {}, list: ['x', 'c'], first: 'x', labels: { app: 'web', 'a/b': '1' } });
    expect(target.list).toEqual(['a', 'b']);
  });

  it('can replace the whole', () => {
    expect(applyJsonPatch(target, [{ op: 'replace', path: '', value: { a: 1 } }])).toEqual({ a: 1 });
  });

  it.each([
    [
      { op: 'remove', path: '/a/b' },
      'remove operation does not apply: doc is missing path: "/a/b": missing value',
    ],
    [
      { op: 'remove', path: '/nosuch' },
      "error in remove for path: '/nosuch': Unable to remove nonexistent key: nosuch: missing value",
    ],
    [
      { op: 'replace', path: '/nosuch', value: 1 },
      'replace operation does not apply: doc is missing key: /nosuch: missing value',
    ],
    [
      { op: 'add', path: '/list/9', value: 1 },
      "error in add for path: '/list/9': Unable to access invalid index: 9: invalid index referenced",
    ],
    [{ op: 'test', path: '/list/0', value: 'z' }, 'testing value /list/0 failed: test failed'],
  ])('refuses %j', (operation, message) => {
    expect(() => applyJsonPatch(target, [operation])).toThrow(expect.objectContaining({ message }));
  });
});

describe('strategic merge patch', () => {
  const pod = {
    metadata: { finalizers: ['a', 'b'], labels: { app: 'web' } },
    spec: {
      containers: [
        { name: 'web', image: 'nginx:1', args: ['x'], env: [{ name: 'A', value: '1' }] },
        { name: 'side', image: 'busybox' },
      ],
      tolerations: [{ key: 'a' }],
      nodeSelector: { disk: 'ssd' },
    },
  };
  const patched = (patch: JsonObject) => applyStrategicMergePatch(pod, patch, POD) as unknown as typeof pod;

  it('merges lists by key and replaces atomic ones', () => {
    const { spec } = patched({
      spec: {
        containers: [
          { name: 'web', image: 'nginx:2', args: ['y'], env: [{ name: 'B', value: '2' }] },
          { name: 'new' },
        ],
        tolerations: [{ key: 'b' }],
      },
    });
    expect(spec.containers.find(({ name }) => name === 'web')).toEqual({
      name: 'web',
      image: 'nginx:2',
      args: ['y'],
      env: expect.arrayContaining([
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ]),
    });
    expect(spec.containers.map(({ name }) => name).sort()).toEqual(['new', 'side', 'web']);
    expect(spec.tolerations).toEqual([{ key: 'b' }]);
  });

  it('follows $patch: delete and replace', () => {
    expect(
      patched({ spec: { containers: [{ name: 'side', $patch: 'delete' }] } }).spec.containers,
    ).toHaveLength(1);
    const replaced = patched({ spec: { containers: [{ name: 'only' }, { $patch: 'replace' }] } });
    expect(replaced.spec.containers).toEqual([{ name: 'only' }]);
    const emptied = patched({ spec: { nodeSelector: { $patch: 'replace', zone: 'a' } } });
    expect(emptied.spec.nodeSelector).toEqual({ zone: 'a' });
  });

  it('follows $setElementOrder', () => {
    const { spec } = patched({
      spec: {
        '$setElementOrder/containers': [{ name: 'new' }, { name: 'web' }],
        containers: [{ name: 'new', image: 'x' }],
      },
    });
    expect(spec.containers.map(({ name }) => name)).toEqual(['new', 'web', 'side']);
  });

  it('follows $deleteFromPrimitiveList and merges primitive lists', () => {
    expect(
      patched({ metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } }).metadata.finalizers,
    ).toEqual(['b']);
    expect(patched({ metadata: { finalizers: ['c'] } }).metadata.finalizers.sort()).toEqual(['a', 'b', 'c']);
  });

  it('follows $retainKeys', () => {
    const deployment = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
    const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
    expect(applyStrategicMergePatch(deployment, patch, DEPLOYMENT)).toEqual({
      spec: { strategy: { type: 'Recreate' } },
    });
  });

  it('refuses an item without its key and an unknown directive', () => {
    expect(() => patched({ spec: { containers: [{ image: 'x' }] } })).toThrow(
      'map: map[image:x] does not contain declared merge key: name',
    );
    expect(() => patched({ spec: { $patch: 'nonsense' } })).toThrow('unknown patch type: nonsense in map');
  });

  const environment = fc.uniqueArray(
    fc.record({ name: fc.constantFrom('A', 'B', 'C', 'D', 'E'), value: fc.string({ maxLength: 3 }) }),
    { selector: ({ name }) => name },
  );

  it('merges by key as a map of the keys would', () => {
    fc.assert(
      fc.property(environment, environment, (live, patch) => {
        const wrap = (env: unknown) => ({ spec: { containers: [{ name: 'c', env }] } });
        const original = wrap(live);
        const before = cloneJson(original);
        const result = applyStrategicMergePatch(original, wrap(patch), POD) as typeof original;
        const env = (result.spec.containers[0]?.env ?? []) as { name: string; value: string }[];
        const model = new Map([...live, ...patch].map(({ name, value }) => [name, value]));
        expect(new Map(env.map(({ name, value }) => [name, value]))).toEqual(model);
        expect(env).toHaveLength(model.size);
        expect(original).toEqual(before);
        expect(applyStrategicMergePatch(result, wrap(patch), POD)).toEqual(result);
      }),
    );
  });
});
