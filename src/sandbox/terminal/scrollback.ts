/**
 * The last bytes of an endless stream, addressed by their position in it: the first byte ever written is number 0. Holds
 * one buffer of `capacityBytes`, taken when the first byte comes.
 */
export class Scrollback {
  private ring: Buffer | undefined;
  private written = 0;

  constructor(readonly capacityBytes: number) {}

  /** Position after the last byte. */
  get end(): number {
    return this.written;
  }

  /** Position of the oldest byte that is still kept. */
  get start(): number {
    return Math.max(0, this.written - this.capacityBytes);
  }

  append(bytes: Buffer): void {
    this.ring ??= Buffer.allocUnsafeSlow(this.capacityBytes);
    const kept = bytes.subarray(Math.max(0, bytes.length - this.capacityBytes));
    const at = (this.written + bytes.length - kept.length) % this.capacityBytes;
    const untilWrap = kept.copy(this.ring, at);
    kept.copy(this.ring, 0, untilWrap);
    this.written += bytes.length;
  }

  /** A copy of at most `maxBytes` from `position` on; empty at the end. Positions before `start` are not kept. */
  read(position: number, maxBytes: number): Buffer {
    if (position < this.start || position > this.end) {
      throw new RangeError(`position ${position} is not between ${this.start} and ${this.end}`);
    }
    const length = Math.min(maxBytes, this.end - position);
    const bytes = Buffer.allocUnsafe(length);
    if (!this.ring || length === 0) return bytes;
    const at = position % this.capacityBytes;
    const untilWrap = this.ring.copy(bytes, 0, at, Math.min(at + length, this.capacityBytes));
    this.ring.copy(bytes, untilWrap, 0, length - untilWrap);
    return bytes;
  }

  /** Where a reader that has everything before `after` goes on: there if that is kept, else at the oldest byte. */
  resumeAt(after: number | undefined): number {
    return after !== undefined && after >= this.start && after <= this.end ? after : this.start;
  }
}
