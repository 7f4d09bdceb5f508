/** The text is no Go duration; the message is Go's. */
export class DurationError extends Error {
  override name = 'DurationError';
}

const UNITS_MS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a Go duration such as `1h30m` or `-1.5s`. Throws `DurationError`. */
export function parseDuration(text: string): number {
  const shown = JSON.stringify(text);
  const sign = text.startsWith('-') ? -1 : 1;
  let rest = text.replace(/^[-+]/, '');
  if (rest === '0') return 0;
  if (rest === '') throw new DurationError(`time: invalid duration ${shown}`);
  let totalMs = 0;
  while (rest !== '') {
    const match = /^(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(rest);
    const [whole, amount, unit] = match ?? [];
    if (whole === undefined || unit === undefined) throw new DurationError(`time: invalid duration ${shown}`);
    if (unit === '') throw new DurationError(`time: missing unit in duration ${shown}`);
    const unitMs = UNITS_MS[unit];
    if (unitMs === undefined)
      throw new DurationError(`time: unknown unit ${JSON.stringify(unit)} in duration ${shown}`);
    totalMs += Number(amount) * unitMs;
    rest = rest.slice(whole.length);
  }
  return sign * totalMs;
}

/** As Go prints a duration: `1h30m0s`, `1.5s`, `250ms`, `0s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s';
  const sign = durationMs < 0 ? '-' : '';
  const magnitudeMs = Math.abs(durationMs);
  if (magnitudeMs < 1) return `${sign}${trimmed(magnitudeMs * 1000)}µs`;
  if (magnitudeMs < 1000) return `${sign}${trimmed(magnitudeMs)}ms`;
  const hours = Math.floor(magnitudeMs / 3_600_000);
  const minutes = Math.floor((magnitudeMs % 3_600_000) / 60_000);
  const seconds = `${trimmed((magnitudeMs % 60_000) / 1000)}s`;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

const trimmed = (value: number) => String(Number(value.toFixed(9)));

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/**
 * A span as kubectl's AGE column shows it: two units at most, the second only where the first is small.
 * https://pkg.go.dev/k8s.io/apimachinery/pkg/util/duration#HumanDuration
 */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  const minutes = Math.floor(seconds / MINUTE);
  if (minutes < 10) return withRest(minutes, 'm', seconds % MINUTE, 's');
  if (minutes < 3 * 60) return `${minutes}m`;
  const hours = Math.floor(seconds / HOUR);
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(seconds / DAY);
  if (days < 8) return withRest(days, 'd', hours % 24, 'h');
  if (days < 2 * 365) return `${days}d`;
  const years = Math.floor(seconds / YEAR);
  return years < 8 ? withRest(years, 'y', days % 365, 'd') : `${years}y`;
}

const withRest = (amount: number, unit: string, rest: number, restUnit: string) =>
  rest === 0 ? `${amount}${unit}` : `${amount}${unit}${rest}${restUnit}`;
