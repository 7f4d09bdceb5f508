import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { KubernetesObject, ResourceName, WatchEventType } from '../object.js';
import type { Commit, Origin } from './commit.js';
import type { Store } from './store.js';

/** One line of a journal segment: a commit without what replaying gives anyway. Short keys: there are many of them. */
interface Line {
  r: number;
  n: ResourceName;
  e: WatchEventType;
  t: number;
  u: string;
  g: readonly string[];
  v: string;
  o: KubernetesObject;
}

export interface JournalLimits {
  /** A segment larger than this is closed and a snapshot written. */
  segmentBytes: number;
  /** Closed segments are kept, as the audit log, up to this much in all. */
  keptBytes: number;
}

const DEFAULT_LIMITS: JournalLimits = { segmentBytes: 8 * 2 ** 20, keptBytes: 64 * 2 ** 20 };
const SNAPSHOT = 'snapshot.ndjson';
const NEWLINE = 0x0a;

/** What a directory holds: everything needed to go on where an earlier process stopped, however it stopped. */
export interface Loaded {
  revision: number;
  /** The state at `snapshotRevision`. */
  snapshot: { resource: ResourceName; object: KubernetesObject }[];
  /** What came after it, oldest first. */
  lines: {
    revision: number;
    resource: ResourceName;
    type: WatchEventType;
    object: KubernetesObject;
    origin: Origin;
  }[];
}

/**
 * The commits of a cluster on disk: one JSON line each, written with a single write before the commit is acknowledged, so
 * that a killed process loses nothing that it answered for (the machine's own crash may cost what the kernel had not yet
 * flushed). Segments are files named by their first revision; a snapshot makes all older ones unnecessary for a restart.
 */
export class Journal {
  private descriptor: number | undefined;
  private segmentBytes = 0;
  private snapshotBytes = 0;
  /** Of the lines of deletions, and of what they deleted. */
  private deletedBytes = 0;
  /** Called with each new segment. */
  onCompact: () => void = () => undefined;

  constructor(
    private readonly directory: string,
    private readonly limits: JournalLimits = DEFAULT_LIMITS,
  ) {
    mkdirSync(directory, { recursive: true });
  }

  /** Reads everything, and cuts off a last line that was only half written. */
  load(): Loaded {
    const { revision: snapshotRevision, objects } = this.readSnapshot();
    const loaded: Loaded = { revision: snapshotRevision, snapshot: objects, lines: [] };
    const segments = this.segments();
    for (const [index, file] of segments.entries()) {
      if (index === segments.length - 1) cutTornLine(this.path(file));
      for (const line of readLines<Line>(this.path(file))) {
        if (line.r <= loaded.revision) continue;
        loaded.revision = line.r;
        loaded.lines.push({
          revision: line.r,
          resource: line.n,
          type: line.e,
          object: line.o,
          origin: { user: line.u, groups: line.g, verb: line.v, timeMs: line.t },
        });
      }
    }
    return loaded;
  }

  /** Appends one commit; throws when the disk does not take it, and the commit must not be acknowledged then. */
  append(commit: Commit): void {
    const { revision, resource, type, origin, object } = commit;
    const line: Line = {
      r: revision,
      n: resource,
      e: type,
      t: origin.timeMs,
      u: origin.user,
      g: origin.groups,
      v: origin.verb,
      o: object,
    };
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    writeWhole(this.open(revision), bytes);
    this.segmentBytes += bytes.length;
    if (commit.type === 'DELETED') this.deletedBytes += 2 * bytes.length;
  }

  /** Of the last snapshot and what was written since, without what was deleted: at least what a snapshot would take now. */
  get sizeBytes(): number {
    return this.snapshotBytes + this.segmentBytes - this.deletedBytes;
  }

  /** Compacts when the current segment has grown large. Call after a commit. */
  compactIfLarge(store: Store): void {
    if (this.segmentBytes >= this.limits.segmentBytes) this.compact(store);
  }

  /** Compacts when something was written that is worth it. */
  compactIfGrown(store: Store): void {
    if (this.segmentBytes >= this.limits.segmentBytes / 8) this.compact(store);
  }

  /** Starts a new segment behind a snapshot of `store`. */
  compact(store: Store): void {
    const { revision, objects } = store.contents();
    const lines = [{ revision }, ...objects].map((line) => JSON.stringify(line));
    const temporary = this.path(`${SNAPSHOT}.new`);
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    writeFileSync(temporary, bytes);
    this.snapshotBytes = bytes.length;
    renameSync(temporary, this.path(SNAPSHOT));
    this.close();
    this.segmentBytes = 0;
    this.deletedBytes = 0;
    this.dropOldSegments();
    this.descriptor = openSync(this.segmentPath(store.revision + 1), 'a');
    this.onCompact();
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private open(revision: number): number {
    if (this.descriptor === undefined) {
      const path = this.path(this.segments().at(-1) ?? '');
      const segment = path === this.path('') ? this.segmentPath(revision) : path;
      this.descriptor = openSync(segment, 'a');
      this.segmentBytes = statSync(segment).size;
    }
    return this.descriptor;
  }

  private readSnapshot() {
    const path = this.path(SNAPSHOT);
    if (!existsSync(path)) return { revision: 0, objects: [] };
    this.snapshotBytes = statSync(path).size;
    const [header, ...objects] = readLines<unknown>(path);
    return {
      revision: (header as { revision: number }).revision,
      objects: objects as Loaded['snapshot'],
    };
  }

  private segments(): string[] {
    return readdirSync(this.directory)
      .filter((file) => file.startsWith('journal-'))
      .sort();
  }

  private dropOldSegments(): void {
    let bytes = 0;
    for (const file of this.segments().reverse()) {
      bytes += statSync(this.path(file)).size;
      if (bytes > this.limits.keptBytes) rmSync(this.path(file));
    }
  }

  private segmentPath(revision: number): string {
    return this.path(`journal-${String(revision).padStart(12, '0')}.ndjson`);
  }

  private path(file: string): string {
    return join(this.directory, file);
  }
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
}

function readLines<T>(path: string): T[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}

function cutTornLine(path: string): void {
  const bytes = readFileSync(path);
  const whole = bytes.lastIndexOf(NEWLINE) + 1;
  if (whole < bytes.length) truncateSync(path, whole);
}
