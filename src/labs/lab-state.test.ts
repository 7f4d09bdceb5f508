import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LAB_STATES, LIVE, OVER, sourcesOf, TRANSITIONS, USABLE } from './lab-state.js';

describe('the ways of a lab', () => {
  it('lead from queued to every state', () => {
    const reached = new Set(['queued']);
    for (let before = 0; before !== reached.size; ) {
      before = reached.size;
      for (const state of LAB_STATES) {
        if (reached.has(state)) for (const next of TRANSITIONS[state]) reached.add(next);
      }
    }
    expect([...reached].sort()).toEqual([...LAB_STATES].sort());
  });

  it('can end, expire or fail wherever they are, and end there', () => {
    for (const state of LIVE)
      expect(TRANSITIONS[state]).toEqual(expect.arrayContaining(['ended', 'expired', 'failed']));
    for (const state of OVER) expect(TRANSITIONS[state]).toEqual([]);
    expect(LIVE).toEqual(expect.arrayContaining(USABLE));
  });

  it('are the same read backwards', () => {
    fc.assert(
      fc.property(fc.constantFrom(...LAB_STATES), fc.constantFrom(...LAB_STATES), (from, to) => {
        expect(sourcesOf(to).includes(from)).toBe((TRANSITIONS[from] as readonly string[]).includes(to));
      }),
    );
  });

  it('reach a usable state only through provisioning', () => {
    expect(sourcesOf('ready')).not.toContain('queued');
  });
});
