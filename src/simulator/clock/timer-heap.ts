/** One pending call. `position` is its place in the heap, -1 once it left. */
export interface HeapTimer {
  readonly dueAt: number;
  readonly callback: () => void;
  readonly sequence: number;
  position: number;
}

const before = (a: HeapTimer, b: HeapTimer) =>
  a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.sequence < b.sequence);

/** A binary heap of timers, earliest first; adding and removing cost the logarithm of their number. */
export class TimerHeap {
  private readonly heap: HeapTimer[] = [];
  private sequence = 0;

  get first(): HeapTimer | undefined {
    return this.heap[0];
  }

  add(dueAt: number, callback: () => void): HeapTimer {
    const timer = { dueAt, callback, sequence: this.sequence++, position: this.heap.length };
    this.heap.push(timer);
    this.rise(timer);
    return timer;
  }

  /** Does nothing when the timer is not in the heap any more. */
  remove(timer: HeapTimer): void {
    const { position } = timer;
    if (position < 0) return;
    timer.position = -1;
    const last = this.heap.pop();
    if (!last || last === timer) return;
    this.place(last, position);
    this.rise(last);
    this.sink(last);
  }

  clear(): void {
    for (const timer of this.heap) timer.position = -1;
    this.heap.length = 0;
  }

  private place(timer: HeapTimer, position: number): void {
    this.heap[position] = timer;
    timer.position = position;
  }

  private rise(timer: HeapTimer): void {
    for (;;) {
      const { position } = timer;
      const parentAt = (position - 1) >> 1;
      const parent = position > 0 ? this.heap[parentAt] : undefined;
      if (!parent || !before(timer, parent)) return;
      this.place(parent, position);
      this.place(timer, parentAt);
    }
  }

  private sink(timer: HeapTimer): void {
    for (;;) {
      const { position } = timer;
      const left = this.heap[2 * position + 1];
      const right = this.heap[2 * position + 2];
      const child = left && right && before(right, left) ? right : left;
      if (!child || !before(child, timer)) return;
      const childAt = child.position;
      this.place(child, position);
      this.place(timer, childAt);
    }
  }
}
