/** A value that is no integer and no percentage. */
export class IntOrStringError extends Error {
  override name = 'IntOrStringError';
}

/**
 * The number that `maxSurge`, `minAvailable` and the like mean for `total`: an integer as it is, a percentage of the
 * total rounded as told. Throws `IntOrStringError` with the API server's message.
 */
export function resolveIntOrPercent(value: number | string, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value;
  const percent = percentOf(value);
  if (percent === undefined)
    throw new IntOrStringError('invalid value for IntOrString: invalid type: string is not a percentage');
  const exact = (percent * total) / 100;
  return roundUp ? Math.ceil(exact) : Math.floor(exact);
}

/** 25 for `25%`; undefined when the text is no percentage. */
export function percentOf(text: string): number | undefined {
  return /^-?[0-9]+%$/.test(text) ? Number(text.slice(0, -1)) : undefined;
}
