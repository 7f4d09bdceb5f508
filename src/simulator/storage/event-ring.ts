import type { Commit } from './commit.js';

/** The last `capacity` commits to one resource. Grows only as it is used. */
export class EventRing {
  private readonly commits: Commit[] = [];
  /** Where the oldest one is, once the ring is full. */
  private start = 0;
  /** The newest revision that was pushed out; 0 while nothing was. */
  private forgotten = 0;

  constructor(private readonly capacity: number) {}

  push(commit: Commit): void {
    if (this.commits.length < this.capacity) {
      this.commits.push(commit);
      return;
    }
    this.forgotten = this.at(0).revision;
    this.commits[this.start] = commit;
    this.start = (this.start + 1) % this.capacity;
  }

  /** What came after `revision`, oldest first; undefined when some of it was pushed out. */
  since(revision: number): Commit[] | undefined {
    if (revision < this.forgotten) return undefined;
    let low = 0;
    let high = this.commits.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle).revision <= revision) low = middle + 1;
      else high = middle;
    }
    const later: Commit[] = [];
    for (let index = low; index < this.commits.length; index++) later.push(this.at(index));
    return later;
  }

  /** Lets go of what came up to `revision`. */
  forgetUntil(revision: number): void {
    if (revision <= this.forgotten) return;
    const later = this.since(revision) ?? [];
    this.commits.splice(0, this.commits.length, ...later);
    this.start = 0;
    this.forgotten = revision;
  }

  private at(index: number): Commit {
    return this.commits[(this.start + index) % this.commits.length] as Commit;
  }
}
