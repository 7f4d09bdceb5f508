import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from './journal.js';
import { openStore } from './open-store.js';
import { Store } from './store.js';

const ORIGIN = { user: 'learner', groups: ['g'], verb: 'create', timeMs: 1_000 };
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function put(
  store: Store,
  name: string,
  type: 'ADDED' | 'MODIFIED' | 'DELETED' = 'ADDED',
  data = name,
): void {
  const metadata = { name, namespace: 'a', uid: name, creationTimestamp: '', resourceVersion: '' };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { data } };
  store.commit({ type, resource: 'configmaps', object, origin: ORIGIN });
}

const names = (store: Store) => store.list('configmaps').map(({ metadata }) => metadata.name);
const segments = (path: string) =>
  readdirSync(path)
    .filter((file) => file.startsWith('journal-'))
    .sort();

describe('openStore', () => {
  it('is after a restart what it was before, with its history', () => {
    const first = openStore(directory);
    put(first.store, 'x');
    put(first.store, 'y');
    put(first.store, 'x', 'MODIFIED', 'new');
    put(first.store, 'y', 'DELETED');
    first.close();
    const second = openStore(directory);
    expect(second.resumed).toBe(true);
    expect(second.store.revision).toBe(4);
    expect(second.store.get('configmaps', 'a', 'x')).toMatchObject({
      data: { data: 'new' },
      metadata: { resourceVersion: '3' },
    });
    expect(names(second.store)).toEqual(['x']);
    const { records, complete } = second.audit.since(1);
    expect(complete).toBe(true);
    expect(
      records.map(({ name, user, before, after }) => [name, user, before !== undefined, after !== undefined]),
    ).toEqual([
      ['y', 'learner', false, true],
      ['x', 'learner', true, true],
      ['y', 'learner', true, false],
    ]);
    put(second.store, 'z');
    expect(second.store.revision).toBe(5);
    second.close();
  });

  it('drops a line that was only half written, and goes on after it', () => {
    const first = openStore(directory);
    put(first.store, 'x');
    first.close();
    const path = join(directory, 'store');
    appendFileSync(join(path, segments(path)[0] ?? ''), '{"r":2,"n":"configm');
    const second = openStore(directory);
    expect(names(second.store)).toEqual(['x']);
    put(second.store, 'y');
    second.close();
    const third = openStore(directory);
    expect(names(third.store)).toEqual(['x', 'y']);
    third.close();
  });
});

describe('Journal', () => {
  it('starts a new segment behind a snapshot when one is large, and forgets the oldest', () => {
    const journal = new Journal(directory, { segmentBytes: 500, keptBytes: 1200 });
    const store = new Store((commit) => journal.append(commit));
    store.subscribeAll(() => journal.compactIfLarge(store));
    for (let index = 0; index < 20; index++) put(store, `n${index}`);
    journal.close();
    expect(segments(directory).length).toBeLessThan(6);
    const { revision, snapshot, lines } = new Journal(directory).load();
    expect(revision).toBe(20);
    expect(snapshot.length + lines.length).toBe(20);
  });
});
