import { expect, test } from 'vitest';
import { BackOff } from './back-off.js';
import { expand } from './environment.js';
import { formatGoDuration } from './go-duration.js';

test.each([
  ['$(A)', 'one'],
  ['x-$(A)-$(B)', 'x-one-two'],
  ['$$(A)', '$(A)'],
  ['$(NONE)', '$(NONE)'],
  ['$A $$', '$A $'],
])('%s expands to %s', (text, expected) => {
  const values: Record<string, string> = { A: 'one', B: 'two' };
  expect(expand(text, (name) => values[name])).toBe(expected);
});

test('back-off doubles from 10 s to 5 minutes and forgets after 10 minutes without a failure', () => {
  const backOff = new BackOff();
  const waits: string[] = [];
  let now = 0;
  for (let failure = 0; failure < 7; failure++) {
    backOff.advance(now);
    waits.push(formatGoDuration(backOff.remaining(now, now)));
    now += backOff.currentMs;
  }
  expect(waits).toEqual(['10s', '20s', '40s', '1m20s', '2m40s', '5m0s', '5m0s']);
  expect(backOff.remaining(now + 600_001, now + 600_001)).toBe(0);
});
