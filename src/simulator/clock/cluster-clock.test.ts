import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClusterClock } from './cluster-clock.js';

const HOUR_MS = 3_600_000;

describe('ClusterClock', () => {
  it('runs what is due on the way, in order and at its own time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(1000), { maxLength: 20 }), async (delays) => {
        const clock = new ClusterClock();
        const start = clock.now();
        const ran: { delay: number; at: number }[] = [];
        // Hours, so that the real time that passes meanwhile does not count.
        for (const delay of delays) {
          clock.schedule((delay + 1) * HOUR_MS, () => ran.push({ delay, at: clock.now() }));
        }
        await clock.advance(501 * HOUR_MS);
        const due = delays.filter((delay) => delay <= 500).sort((a, b) => a - b);
        expect(ran.map(({ delay }) => delay)).toEqual(due);
        for (const { delay, at } of ran)
          expect(Math.abs(at - start - (delay + 1) * HOUR_MS)).toBeLessThan(HOUR_MS / 10);
        clock.close();
      }),
      { numRuns: 30 },
    );
  });

  it('lets what a timer sets off happen before the next one', async () => {
    const clock = new ClusterClock();
    const order: string[] = [];
    clock.schedule(HOUR_MS, () => void clock.sleep(HOUR_MS).then(() => order.push('slept')));
    clock.schedule(3 * HOUR_MS, () => order.push('last'));
    await clock.advance(4 * HOUR_MS);
    expect(order).toEqual(['slept', 'last']);
    clock.close();
  });

  it('does not run what was cancelled', async () => {
    const clock = new ClusterClock();
    let ran = 0;
    const timers = [1, 2, 3, 4, 5].map((hours) => clock.schedule(hours * HOUR_MS, () => ran++));
    timers[1]?.cancel();
    timers[3]?.cancel();
    timers[3]?.cancel();
    await clock.advance(10 * HOUR_MS);
    expect(ran).toBe(3);
    clock.close();
  });

  it('jumps from timer to timer when it is fast', async () => {
    const clock = new ClusterClock({ mode: 'fast' });
    const start = clock.now();
    await clock.sleep(24 * HOUR_MS);
    expect(clock.now() - start).toBeGreaterThanOrEqual(24 * HOUR_MS);
    clock.close();
  });

  it('rejects a sleep that is aborted', async () => {
    const clock = new ClusterClock();
    const controller = new AbortController();
    const sleep = clock.sleep(HOUR_MS, controller.signal);
    controller.abort(new Error('enough'));
    await expect(sleep).rejects.toThrow('enough');
    clock.close();
  });
});
