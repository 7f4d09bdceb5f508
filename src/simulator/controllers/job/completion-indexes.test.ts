import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIndexes, parseIndexes } from './completion-indexes.js';

describe('completion indexes', () => {
  it.each([
    [[], ''],
    [[3], '3'],
    [[1, 2], '1,2'],
    [[7, 1, 3, 5, 4, 1], '1,3-5,7'],
  ])('%j is written as "%s"', (indexes, text) => {
    expect(formatIndexes(indexes)).toBe(text);
  });

  it('come back as they were, up to the number of completions', () => {
    const below = fc.uniqueArray(fc.nat({ max: 60 }));
    fc.assert(
      fc.property(below, fc.nat({ max: 70 }), (indexes, completions) => {
        const expected = indexes.filter((index) => index < completions).sort((a, b) => a - b);
        expect([...parseIndexes(formatIndexes(indexes), completions)]).toEqual(expected);
      }),
    );
  });
});
