import { join } from 'node:path';
import { AuditJournal } from './audit-journal.js';
import type { Commit } from './commit.js';
import { Journal } from './journal.js';
import { Store } from './store.js';

export interface OpenStore {
  store: Store;
  audit: AuditJournal;
  /** True when the directory held an earlier life of the cluster. */
  resumed: boolean;
  close(): void;
}

/** A store with its audit journal; in `dataDirectory/store` and as it was left there, or in memory only and empty. */
export function openStore(dataDirectory: string | undefined): OpenStore {
  if (dataDirectory === undefined) {
    const store = new Store();
    return { store, audit: new AuditJournal(store), resumed: false, close: () => undefined };
  }
  const journal = new Journal(join(dataDirectory, 'store'));
  const loaded = journal.load();
  const store = new Store((commit) => journal.append(commit), loaded.revision);
  for (const { resource, object } of loaded.snapshot) store.restore(resource, object);
  const earlier: Commit[] = loaded.lines.map((line) => {
    const { namespace, name } = line.object.metadata;
    const previous = store.get(line.resource, namespace, name);
    if (line.type === 'DELETED') store.forget(line.resource, namespace, name);
    else store.restore(line.resource, line.object);
    return { ...line, previous };
  });
  const audit = new AuditJournal(store, earlier);
  store.subscribeAll(() => journal.compactIfLarge(store));
  return { store, audit, resumed: loaded.revision > 0, close: () => journal.close() };
}
