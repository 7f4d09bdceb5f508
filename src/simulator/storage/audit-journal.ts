import type { KubernetesObject, ResourceName } from '../object.js';
import type { Commit } from './commit.js';
import type { Store } from './store.js';

/** One accepted write: who changed which object, how and when, and what it was before and after. */
export interface AuditRecord {
  /** Of the commit; records are in its order. */
  revision: number;
  /** RFC 3339 with milliseconds, cluster time. */
  time: string;
  user: string;
  groups: readonly string[];
  /** As `Origin.verb`. */
  verb: string;
  resource: ResourceName;
  namespace: string | undefined;
  name: string;
  /** Absent when the write created the object. */
  before: KubernetesObject | undefined;
  /** Absent when the write removed it. */
  after: KubernetesObject | undefined;
}

/** Older records are only in the files of the data directory. */
const KEPT_RECORDS = 2_000;

/**
 * Every accepted write in order: the grader's history and the audit log. The last 2,000 are in memory; with a data
 * directory they are there again after a restart, as far as the journal's last segment reaches.
 */
export class AuditJournal {
  private readonly commits: Commit[] = [];
  private dropped = 0;
  private readonly listeners = new Set<(record: AuditRecord) => void>();

  constructor(store: Store, earlier: readonly Commit[] = []) {
    this.commits.push(...earlier.slice(-KEPT_RECORDS));
    this.dropped =
      earlier.length > KEPT_RECORDS ? (earlier[earlier.length - KEPT_RECORDS - 1]?.revision ?? 0) : 0;
    store.subscribeAll((commit) => this.keep(commit));
  }

  /** The records after `revision`, oldest first; `complete` is false when some of them are not in memory any more. */
  since(revision: number): { records: AuditRecord[]; complete: boolean } {
    const later = this.commits.filter((commit) => commit.revision > revision);
    return { records: later.map(toRecord), complete: revision >= this.dropped };
  }

  /** Calls `listener` synchronously with each new record, until the returned function is called. */
  subscribe(listener: (record: AuditRecord) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Lets go of the records up to `revision`; they are only in the files then. */
  forgetHistory(revision: number): void {
    const later = this.commits.findIndex((commit) => commit.revision > revision);
    this.commits.splice(0, later < 0 ? this.commits.length : later);
    this.dropped = Math.max(this.dropped, revision);
  }

  private keep(commit: Commit): void {
    this.commits.push(commit);
    // Dropped half at a time: shifting an array of this size at every commit would cost more than the commit.
    if (this.commits.length >= 2 * KEPT_RECORDS) {
      this.dropped = this.commits[KEPT_RECORDS - 1]?.revision ?? 0;
      this.commits.splice(0, KEPT_RECORDS);
    }
    if (this.listeners.size === 0) return;
    const record = toRecord(commit);
    for (const listener of this.listeners) listener(record);
  }
}

function toRecord({ revision, resource, type, object, previous, origin }: Commit): AuditRecord {
  return {
    revision,
    time: new Date(origin.timeMs).toISOString(),
    user: origin.user,
    groups: origin.groups,
    verb: origin.verb,
    resource,
    namespace: object.metadata.namespace,
    name: object.metadata.name,
    before: type === 'ADDED' ? undefined : (previous ?? object),
    after: type === 'DELETED' ? undefined : object,
  };
}
