import type { JsonObject } from './json.js';

/** The text is no RFC 3339 time; the message is the one Go's `time.Parse` gives. */
export class TimeError extends Error {
  override name = 'TimeError';
}

/** Go's layout for RFC 3339, piece by piece, as its parse errors cite them. */
const LAYOUT: [piece: string, pattern: RegExp][] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d{2}/],
  ['-', /^-/],
  ['02', /^\d{2}/],
  ['T', /^T/],
  ['15', /^\d{2}/],
  [':', /^:/],
  ['04', /^\d{2}/],
  [':', /^:/],
  ['05', /^\d{2}(?:[.,]\d+)?/],
  ['Z07:00', /^(?:Z|[+-]\d{2}:\d{2})/],
];

/** Milliseconds since the epoch and the digits below them; throws `TimeError`. */
function parseTime(text: string): { seconds: string; fraction: string } {
  const about = `parsing time ${JSON.stringify(text)}`;
  let rest = text;
  for (const [piece, pattern] of LAYOUT) {
    const match = pattern.exec(rest);
    if (!match)
      throw new TimeError(
        `${about} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(piece)}`,
      );
    rest = rest.slice(match[0].length);
  }
  if (rest !== '') throw new TimeError(`${about}: extra text: ${JSON.stringify(rest)}`);
  const fraction = /[.,](\d+)/.exec(text)?.[1] ?? '';
  const timestampMs = Date.parse(text.replace(/[.,]\d+/, ''));
  if (Number.isNaN(timestampMs)) throw new TimeError(`${about}: ${outOfRange(text)} out of range`);
  return { seconds: new Date(timestampMs).toISOString().slice(0, 19), fraction };
}

function outOfRange(text: string): string {
  const month = Number(text.slice(5, 7));
  if (month < 1 || month > 12) return 'month';
  const lastDay = new Date(Date.UTC(Number(text.slice(0, 4)), month, 0)).getUTCDate();
  const day = Number(text.slice(8, 10));
  if (day < 1 || day > lastDay) return 'day';
  if (Number(text.slice(11, 13)) > 23) return 'hour';
  return Number(text.slice(14, 16)) > 59 ? 'minute' : 'second';
}

/** Kubernetes' `Time`: whole seconds in UTC. */
export function canonicalTime(text: string): string {
  return /^\d{4}-(0[1-9]|1[0-2])-([01]\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/.test(text)
    ? text
    : `${parseTime(text).seconds}Z`;
}

/** Kubernetes' `MicroTime`: six decimals in UTC. */
export function canonicalMicroTime(text: string): string {
  const { seconds, fraction } = parseTime(text);
  return `${seconds}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}

/** From seconds since the epoch and nanoseconds, as protobuf carries times. */
export function timeOfProtobuf({ seconds, nanos }: JsonObject, micro: boolean): string {
  const whole = new Date(Number(seconds ?? 0) * 1000).toISOString().slice(0, 19);
  if (!micro) return `${whole}Z`;
  return `${whole}.${String(Math.floor(Number(nanos ?? 0) / 1000)).padStart(6, '0')}Z`;
}
