import { describe, expect, it } from 'vitest';
import { nextRun, scheduleProblem } from './cron.js';
import { formatDuration, humanDuration, parseDuration } from './duration.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('durations', () => {
  it.each([
    [0, '0s'],
    [119 * SECOND, '119s'],
    [2 * MINUTE, '2m'],
    [9 * MINUTE + 5 * SECOND, '9m5s'],
    [179 * MINUTE, '179m'],
    [3 * HOUR, '3h'],
    [7 * HOUR + 30 * MINUTE, '7h30m'],
    [47 * HOUR, '47h'],
    [3 * DAY + 4 * HOUR, '3d4h'],
    [700 * DAY, '700d'],
    [800 * DAY, '2y70d'],
    [-5 * SECOND, '<invalid>'],
  ])('%d ms is an age of %s', (span, age) => {
    expect(humanDuration(span)).toBe(age);
  });

  it.each([
    ['1h30m', '1h30m0s'],
    ['1.5s', '1.5s'],
    ['250ms', '250ms'],
    ['-90s', '-1m30s'],
    ['0', '0s'],
  ])('reads %s and prints %s', (text, printed) => {
    expect(formatDuration(parseDuration(text))).toBe(printed);
  });

  it.each([
    ['5', 'time: missing unit in duration "5"'],
    ['x', 'time: invalid duration "x"'],
    ['5y', 'time: unknown unit "y" in duration "5y"'],
  ])('refuses %s', (text, message) => {
    expect(() => parseDuration(text)).toThrow(message);
  });
});

describe('schedules', () => {
  const AFTER = Date.parse('2026-11-21T06:46:30Z');

  it.each([
    ['*/1 * * * *', '2026-11-21T06:47:00.000Z'],
    ['0 3 * * 1-5', '2026-11-23T03:00:00.000Z'],
    ['5/15 * * * *', '2026-11-21T06:50:00.000Z'],
    ['0 0 13 * 5', '2026-11-27T00:00:00.000Z'],
    ['0 0 * jan sun', '2027-01-03T00:00:00.000Z'],
    ['@hourly', '2026-11-21T07:00:00.000Z'],
    ['@every 90s', '2026-11-21T06:48:00.000Z'],
  ])('%s runs at %s', (schedule, expected) => {
    expect(new Date(nextRun(schedule, undefined, AFTER) ?? 0).toISOString()).toBe(expected);
  });

  it('knows time zones, and days that never come', () => {
    expect(nextRun('0 9 * * *', 'Asia/Tokyo', AFTER)).toBe(Date.parse('2026-11-22T00:00:00Z'));
    expect(nextRun('0 0 30 2 *', undefined, AFTER)).toBeUndefined();
  });

  it.each([
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['a * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['@often', 'unrecognized descriptor: @often'],
  ])('refuses %s', (schedule, problem) => {
    expect(scheduleProblem(schedule)).toBe(problem);
  });
});
