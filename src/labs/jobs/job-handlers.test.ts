import { describe, expect, it } from 'vitest';
import { proveHandlers } from './job-handlers.js';

const handler = { handle: async () => undefined };

describe('proveHandlers', () => {
  it('finds the handler of each job', () => {
    expect(proveHandlers(['reap'], [{ name: 'reap', handler }]).get('reap')).toBe(handler);
  });

  it('names jobs without a handler and jobs with several', () => {
    const declared = [
      { name: 'reap', handler },
      { name: 'reap', handler },
    ] as const;
    expect(() => proveHandlers(['reap', 'destroy'], declared)).toThrow('reap has 2, destroy has 0');
  });
});
