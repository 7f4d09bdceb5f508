import type { KubernetesObject, ResourceName } from '../object.js';
import type { Change, Commit } from './commit.js';
import { EventRing } from './event-ring.js';
import { ResourceTable } from './resource-table.js';

type Listener = (commit: Commit) => void;

/** A whole state; the objects of a resource in the order of namespace and name. */
export interface StoreContents {
  revision: number;
  objects: { resource: ResourceName; object: KubernetesObject }[];
}

/** How many changes of each resource a watch can go back. */
const KEPT_EVENTS_PER_RESOURCE = 512;

/**
 * All objects of a cluster, in memory. A commit is synchronous: when it returns, the journal has the change, every reader
 * sees it and every listener was called. Objects are shared with readers and never change; revisions grow by one a commit.
 */
export class Store {
  private readonly tables = new Map<ResourceName, ResourceTable>();
  private readonly rings = new Map<ResourceName, EventRing>();
  private readonly listeners = new Map<ResourceName, Set<Listener>>();
  private readonly everyListener = new Set<Listener>();
  private readonly untold: Commit[] = [];
  private current: number;
  private oldest: number;

  /** `persist` is called first with each commit and may throw to refuse it; `revision` is the one to go on from. */
  constructor(
    private readonly persist: Listener = () => undefined,
    revision = 0,
  ) {
    this.current = revision;
    this.oldest = revision;
  }

  /** Of the last commit; 0 in an empty store. */
  get revision(): number {
    return this.current;
  }

  get(resource: ResourceName, namespace: string | undefined, name: string): KubernetesObject | undefined {
    return this.tables.get(resource)?.get(namespace ?? '', name);
  }

  /** In the order of namespace and name; the array is the caller's. */
  list(resource: ResourceName, namespace?: string): KubernetesObject[] {
    return this.tables.get(resource)?.list(namespace) ?? [];
  }

  count(resource: ResourceName, namespace?: string): number {
    return this.tables.get(resource)?.count(namespace) ?? 0;
  }

  ownedBy(resource: ResourceName, ownerUid: string): KubernetesObject[] {
    return this.tables.get(resource)?.ownedBy(ownerUid) ?? [];
  }

  /** Every resource that has objects now. */
  resources(): ResourceName[] {
    return [...this.tables].filter(([, table]) => table.count() > 0).map(([name]) => name);
  }

  contents(): StoreContents {
    const objects = this.resources().flatMap((resource) =>
      this.list(resource).map((object) => ({ resource, object })),
    );
    return { revision: this.current, objects };
  }

  /** Gives an empty store a state, without an event or the journal. */
  fill({ revision, objects }: StoreContents): void {
    this.current = revision;
    this.oldest = revision;
    for (const { resource, object } of objects) this.restore(resource, object);
  }

  commit(change: Change): KubernetesObject {
    const { object, resource, type } = change;
    const revision = this.current + 1;
    const { namespace = '', name } = object.metadata;
    const previous = this.tables.get(resource)?.get(namespace, name);
    object.metadata.resourceVersion = String(revision);
    const commit = { ...change, revision, previous };
    this.persist(commit);
    this.current = revision;
    if (type === 'DELETED') this.table(resource).delete(namespace, name);
    else this.table(resource).put(object);
    this.ring(resource).push(commit);
    this.tell(commit);
    return object;
  }

  /** Puts an object back that was stored before, without a new revision, an event or the journal. */
  restore(resource: ResourceName, object: KubernetesObject): void {
    this.table(resource).put(object);
  }

  /** The opposite of `restore`. */
  forget(resource: ResourceName, namespace: string | undefined, name: string): void {
    this.tables.get(resource)?.delete(namespace ?? '', name);
  }

  /** Calls `listener` synchronously with every commit to `resource`, until the returned function is called. */
  subscribe(resource: ResourceName, listener: Listener): () => void {
    const listeners = this.listeners.get(resource) ?? new Set();
    this.listeners.set(resource, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** As `subscribe`, for all resources. */
  subscribeAll(listener: Listener): () => void {
    this.everyListener.add(listener);
    return () => this.everyListener.delete(listener);
  }

  /** The commits to `resource` after `revision`, oldest first; undefined when they are not all kept any more. */
  since(resource: ResourceName, revision: number): Commit[] | undefined {
    if (revision < this.oldest) return undefined;
    const ring = this.rings.get(resource);
    return ring ? ring.since(revision) : [];
  }

  /** Lets go of the commits up to `revision`: a watch cannot go back behind it any more. */
  forgetHistory(revision: number): void {
    this.oldest = Math.max(this.oldest, revision);
    for (const ring of this.rings.values()) ring.forgetUntil(revision);
  }

  /** In the order of revisions for every listener, also when one of them commits something itself. */
  private tell(commit: Commit): void {
    this.untold.push(commit);
    if (this.untold.length > 1) return;
    for (let next: Commit | undefined = commit; next; this.untold.shift(), next = this.untold[0]) {
      for (const listener of this.listeners.get(next.resource) ?? []) notify(listener, next);
      for (const listener of this.everyListener) notify(listener, next);
    }
  }

  private table(resource: ResourceName): ResourceTable {
    const table = this.tables.get(resource) ?? new ResourceTable();
    this.tables.set(resource, table);
    return table;
  }

  private ring(resource: ResourceName): EventRing {
    const ring = this.rings.get(resource) ?? new EventRing(KEPT_EVENTS_PER_RESOURCE);
    this.rings.set(resource, ring);
    return ring;
  }
}

/** The commit is done: a listener that fails is a defect of its own and keeps nobody else from hearing of it. */
function notify(listener: Listener, commit: Commit): void {
  try {
    listener(commit);
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error));
  }
}
