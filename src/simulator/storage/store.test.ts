import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../object.js';
import type { Commit } from './commit.js';
import { Store } from './store.js';

const ORIGIN = { user: 'test', groups: [], verb: 'update', timeMs: 0 };

function configMap(namespace: string, name: string, owner?: string): KubernetesObject {
  const ownerReferences =
    owner === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: owner }] };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      namespace,
      name,
      uid: `${namespace}/${name}`,
      creationTimestamp: '',
      resourceVersion: '',
      ...ownerReferences,
    },
  };
}

type Write = { namespace: string; name: string; owner: string | undefined; remove: boolean };
const write = fc.record<Write>({
  namespace: fc.constantFrom('a', 'b'),
  name: fc.constantFrom('x', 'y', 'z'),
  owner: fc.constantFrom(undefined, 'p', 'q'),
  remove: fc.boolean(),
});

function apply(store: Store, { namespace, name, owner, remove }: Write): void {
  const exists = store.get('configmaps', namespace, name) !== undefined;
  if (remove && !exists) return;
  const type = remove ? 'DELETED' : exists ? 'MODIFIED' : 'ADDED';
  store.commit({ type, resource: 'configmaps', object: configMap(namespace, name, owner), origin: ORIGIN });
}

/** The state that somebody has who only ever saw these changes. */
function replay(commits: readonly Commit[], state = new Map<string, KubernetesObject>()) {
  for (const { type, object } of commits) {
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    if (type === 'DELETED') state.delete(key);
    else state.set(key, object);
  }
  return state;
}

describe('Store', () => {
  it('gives every watcher the whole state, in order, from wherever it starts', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 40 }), fc.nat(40), (writes, startAt) => {
        const store = new Store();
        const seen: Commit[] = [];
        store.subscribe('configmaps', (commit) => seen.push(commit));
        let from = 0;
        let atStart = new Map<string, KubernetesObject>();
        writes.forEach((each, index) => {
          apply(store, each);
          if (index === startAt) {
            from = store.revision;
            atStart = replay(seen);
          }
        });
        const state = [...replay(seen).values()];
        expect(new Set(store.list('configmaps'))).toEqual(new Set(state));
        expect(seen.map(({ revision }) => revision)).toEqual(seen.map((_, index) => index + 1));
        const later = store.since('configmaps', from) ?? [];
        expect(replay(later, atStart)).toEqual(replay(seen));
        for (const owner of ['p', 'q']) {
          const owned = state.filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === owner);
          expect(new Set(store.ownedBy('configmaps', owner))).toEqual(new Set(owned));
        }
      }),
    );
  });

  it('lists by namespace and name', () => {
    const store = new Store();
    for (const [namespace, name] of [
      ['b', 'x'],
      ['a', 'z'],
      ['a', 'a-b'],
      ['a', 'a'],
    ] as const) {
      apply(store, { namespace, name, owner: undefined, remove: false });
    }
    const names = store.list('configmaps').map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    expect(names).toEqual(['a/a', 'a/a-b', 'a/z', 'b/x']);
    expect(store.list('configmaps', 'b')).toHaveLength(1);
  });

  it('says when a revision is too old to go on from', () => {
    const store = new Store();
    for (let index = 0; index < 600; index++)
      apply(store, { namespace: 'a', name: 'x', owner: undefined, remove: false });
    expect(store.since('configmaps', 1)).toBeUndefined();
    expect(store.since('configmaps', 590)?.map(({ revision }) => revision)).toEqual([
      591, 592, 593, 594, 595, 596, 597, 598, 599, 600,
    ]);
    expect(store.since('secrets', 1)).toEqual([]);
    expect(new Store(undefined, 7).since('configmaps', 6)).toBeUndefined();
  });

  it('tells listeners in the order of revisions, also of what a listener commits itself', () => {
    const store = new Store();
    const seen: number[] = [];
    store.subscribe('configmaps', ({ object }) => {
      if (object.metadata.name === 'x')
        apply(store, { namespace: 'a', name: 'y', owner: undefined, remove: false });
    });
    store.subscribe('configmaps', ({ revision }) => seen.push(revision));
    apply(store, { namespace: 'a', name: 'x', owner: undefined, remove: false });
    expect(seen).toEqual([1, 2]);
  });

  it('does not take what cannot be persisted', () => {
    const store = new Store(() => {
      throw new Error('disk full');
    });
    expect(() => apply(store, { namespace: 'a', name: 'x', owner: undefined, remove: false })).toThrow(
      'disk full',
    );
    expect(store.list('configmaps')).toEqual([]);
    expect(store.revision).toBe(0);
  });
});
