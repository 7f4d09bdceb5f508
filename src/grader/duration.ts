const UNIT_MS = { h: 3_600_000, m: 60_000, s: 1000 } as const;

/** `45s`, `5m`, `1h`, `1m30s`: hours, minutes and seconds as whole numbers, each at most once and in this order. */
export const DURATION_PATTERN = /^(?=\d)(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?$/;

/** The milliseconds of a duration that DURATION_PATTERN accepts; throws RangeError on anything else. */
export function parseDuration(text: string): number {
  const match = DURATION_PATTERN.exec(text);
  if (!match) throw new RangeError(`"${text}" is not a duration such as 45s, 5m or 1m30s`);
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return Number(hours) * UNIT_MS.h + Number(minutes) * UNIT_MS.m + Number(seconds) * UNIT_MS.s;
}
