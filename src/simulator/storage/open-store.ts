import { join } from 'node:path';
import { AuditJournal } from './audit-journal.js';
import type { Commit } from './commit.js';
import { Journal } from './journal.js';
import { Store, type StoreContents } from './store.js';
import { DEFAULT_STORE_LIMITS, refuseGrowth, type StoreLimits } from './store-quota.js';

export interface OpenStore {
  store: Store;
  audit: AuditJournal;
  /** True when the directory held an earlier life of the cluster. */
  resumed: boolean;
  /** Gives a new store the state that its cluster begins with; on disk, in one write, when it returns. */
  fill(contents: StoreContents): void;
  close(): void;
}

/** A store with its audit journal; in `dataDirectory/store` and as it was left there, or in memory only and empty. */
export function openStore(
  dataDirectory: string | undefined,
  limits: StoreLimits = DEFAULT_STORE_LIMITS,
): OpenStore {
  if (dataDirectory === undefined) {
    const store: Store = new Store((commit) => refuseGrowth(commit, store, undefined, limits));
    return {
      store,
      audit: new AuditJournal(store),
      resumed: false,
      fill: (contents) => store.fill(contents),
      close: () => undefined,
    };
  }
  const journal = new Journal(join(dataDirectory, 'store'));
  const loaded = journal.load();
  const store: Store = new Store((commit) => {
    refuseGrowth(commit, store, journal, limits);
    journal.append(commit);
  }, loaded.revision);
  for (const { resource, object } of loaded.snapshot) store.restore(resource, object);
  const earlier: Commit[] = loaded.lines.map((line) => {
    const { namespace, name } = line.object.metadata;
    const previous = store.get(line.resource, namespace, name);
    if (line.type === 'DELETED') store.forget(line.resource, namespace, name);
    else store.restore(line.resource, line.object);
    return { ...line, previous };
  });
  const audit = new AuditJournal(store, earlier);
  let segmentStart = loaded.revision;
  // Watches and graders can go back one segment: counted in commits, a few large objects would fill the memory.
  journal.onCompact = () => {
    store.forgetHistory(segmentStart);
    audit.forgetHistory(segmentStart);
    segmentStart = store.revision;
  };
  store.subscribeAll(() => journal.compactIfLarge(store));
  return {
    store,
    audit,
    resumed: loaded.revision > 0,
    fill(contents) {
      store.fill(contents);
      journal.compact(store);
    },
    close: () => journal.close(),
  };
}
