import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Scrollback } from './scrollback.js';

const chunks = fc.array(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  { maxLength: 30 },
);

test('keeps exactly the last bytes of what was written', () => {
  fc.assert(
    fc.property(chunks, fc.integer({ min: 1, max: 64 }), (written, capacity) => {
      const scrollback = new Scrollback(capacity);
      for (const chunk of written) scrollback.append(chunk);
      const all = Buffer.concat(written);
      expect(scrollback.end).toBe(all.length);
      expect(scrollback.read(scrollback.start, capacity)).toEqual(all.subarray(-capacity));
    }),
  );
});

test('a reader that comes and goes in any pattern gets the exact stream while it stays within what is kept', () => {
  const step = fc.record({
    write: fc.uint8Array({ maxLength: 16 }),
    take: fc.nat(24),
    reconnect: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const scrollback = new Scrollback(64);
      const written: Buffer[] = [];
      const got: Buffer[] = [];
      let position = 0;
      for (const { write, take, reconnect } of steps) {
        const bytes = Buffer.from(write);
        if (scrollback.end + bytes.length - position > 64) continue;
        scrollback.append(bytes);
        written.push(bytes);
        if (reconnect) position = scrollback.resumeAt(position);
        const part = scrollback.read(position, take);
        got.push(part);
        position += part.length;
      }
      got.push(scrollback.read(position, 64));
      expect(Buffer.concat(got)).toEqual(Buffer.concat(written));
    }),
  );
});

test('a position that is no longer kept, or never was, resumes at the oldest byte', () => {
  const scrollback = new Scrollback(4);
  scrollback.append(Buffer.from('abcdefgh'));
  expect([3, 4, 8, 9, undefined].map((after) => scrollback.resumeAt(after))).toEqual([4, 4, 8, 4, 4]);
});
