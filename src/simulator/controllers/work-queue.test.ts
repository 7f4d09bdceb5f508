import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../apiserver/api-error.js';
import { ClusterClock } from '../clock/cluster-clock.js';
import { WorkQueue } from './work-queue.js';

describe('WorkQueue', () => {
  let clock: ClusterClock;
  let done: string[];
  beforeEach(() => {
    clock = new ClusterClock();
    done = [];
  });
  afterEach(() => clock.close());

  const queueOf = (reconcile: (key: string) => Promise<number | undefined>) =>
    new WorkQueue({ clock, reconcile });
  const record = async (key: string) => {
    done.push(key);
    return undefined;
  };

  it('works on a key once however often it was added', async () => {
    const queue = queueOf(record);
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    await clock.advance(0);
    expect(done).toEqual(['a', 'b']);
  });

  it('never works on a key twice at once, and again when it was added meanwhile', async () => {
    let finish = () => {};
    let atOnce = 0;
    const queue = queueOf(async (key) => {
      atOnce++;
      done.push(`${key}${atOnce}`);
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      atOnce--;
      return undefined;
    });
    queue.add('a');
    await clock.advance(0);
    queue.add('a');
    await clock.advance(0);
    expect(done).toEqual(['a1']);
    finish();
    await clock.advance(0);
    expect(done).toEqual(['a1', 'a1']);
    finish();
  });

  it('comes back when told, and to the earliest of several times', async () => {
    const queue = queueOf(record);
    queue.addAfter('a', 5000);
    queue.addAfter('a', 1000);
    queue.addAfter('a', 3000);
    await clock.advance(999);
    expect(done).toEqual([]);
    await clock.advance(10_000);
    expect(done).toEqual(['a']);
  });

  it('waits twice as long after each failure, and forgets them after a success', async () => {
    const attempts: number[] = [];
    const startedAt = clock.now();
    const queue = queueOf(async () => {
      attempts.push(clock.now() - startedAt);
      if (attempts.length < 5) throw new Error('no');
      return undefined;
    });
    queue.add('a');
    await clock.advance(1000);
    const waits = attempts.slice(1).map((time, index) => time - (attempts[index] ?? 0));
    expect(waits).toEqual([5, 10, 20, 40]);
    queue.add('a');
    await clock.advance(0);
    expect(attempts).toHaveLength(6);
  });

  it('tries again at once after a lost race', async () => {
    const queue = queueOf(async (key) => {
      done.push(key);
      if (done.length === 1) throw new ApiError(409, 'Conflict', 'the object has been modified');
      return undefined;
    });
    queue.add('a');
    await clock.advance(0);
    expect(done).toEqual(['a', 'a']);
  });

  it('does nothing after it was stopped', async () => {
    const queue = queueOf(record);
    queue.add('a');
    queue.addAfter('b', 10);
    queue.stop();
    queue.add('c');
    await clock.advance(100);
    expect(done).toEqual([]);
  });
});
