import { Cron } from 'croner';
import { DurationError, parseDuration } from './duration.js';

/** The schedule cannot be read; the message is the one that Kubernetes' cron library gives. */
export class CronError extends Error {
  override name = 'CronError';
}

interface Bounds {
  min: number;
  max: number;
  names?: Record<string, number>;
}

const numbered = (names: string, first: number) =>
  Object.fromEntries(names.split(' ').map((name, index) => [name, index + first]));

/** The five fields of a schedule; https://en.wikipedia.org/wiki/Cron */
const FIELDS: Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: numbered('jan feb mar apr may jun jul aug sep oct nov dec', 1) },
  { min: 0, max: 6, names: numbered('sun mon tue wed thu fri sat', 0) },
];

const MACROS: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/**
 * The first time after `afterMs` that the schedule names, in milliseconds since the epoch; undefined when there is none
 * (30 February). `timeZone` is a name of the IANA database, UTC when absent. Throws `CronError`.
 * https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
 */
export function nextRun(schedule: string, timeZone: string | undefined, afterMs: number): number | undefined {
  const parsed = parseSchedule(schedule);
  if ('everyMs' in parsed) return Math.floor(afterMs / 1000) * 1000 + parsed.everyMs;
  return cronOf(parsed.pattern, timeZone).nextRun(new Date(afterMs))?.getTime();
}

/** Made once for each schedule, for their number is small and they are asked for again and again. */
const crons = new Map<string, Cron>();
const MAX_CRONS = 1000;

function cronOf(pattern: string, timeZone = 'Etc/UTC'): Cron {
  const key = `${timeZone} ${pattern}`;
  let cron = crons.get(key);
  if (!cron) {
    cron = new Cron(pattern, { timezone: timeZone, paused: true });
    if (crons.size >= MAX_CRONS) crons.clear();
    crons.set(key, cron);
  }
  return cron;
}

/** What is wrong with a schedule, or undefined. */
export function scheduleProblem(schedule: string): string | undefined {
  try {
    parseSchedule(schedule);
    return undefined;
  } catch (error) {
    if (error instanceof CronError) return error.message;
    throw error;
  }
}

/** Whether the time zone is one that this machine knows. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** A pattern that croner reads the same way, or a constant delay. */
function parseSchedule(schedule: string): { pattern: string } | { everyMs: number } {
  if (schedule === '') throw new CronError('empty spec string');
  if (schedule.startsWith('@')) return parseDescriptor(schedule);
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== FIELDS.length)
    throw new CronError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  const parsed = FIELDS.map((bounds, index) => parseField(fields[index] ?? '', bounds));
  return { pattern: parsed.join(' ') };
}

function parseDescriptor(descriptor: string): { pattern: string } | { everyMs: number } {
  const pattern = MACROS[descriptor];
  if (pattern !== undefined) return { pattern };
  const every = /^@every (.*)$/s.exec(descriptor)?.[1];
  if (every === undefined) throw new CronError(`unrecognized descriptor: ${descriptor}`);
  try {
    return { everyMs: Math.max(1, Math.floor(parseDuration(every) / 1000)) * 1000 };
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    throw new CronError(`failed to parse duration ${descriptor}: ${error.message}`, { cause: error });
  }
}

const parseField = (field: string, bounds: Bounds) =>
  field
    .split(',')
    .map((expression) => parseRange(expression, bounds))
    .join(',');

function parseRange(expression: string, { min, max, names }: Bounds): string {
  const [range = '', stepText, ...moreSteps] = expression.split('/');
  const [low = '', high, ...moreHighs] = range.split('-');
  const isStar = low === '*' || low === '?';
  const start = isStar ? min : parseNumber(low, names);
  let end = isStar ? max : high === undefined ? start : parseNumber(high, names);
  if (moreHighs.length > 0 && !isStar) throw new CronError(`too many hyphens: ${expression}`);
  const step = stepText === undefined ? 1 : parseNumber(stepText, undefined);
  if (stepText !== undefined && high === undefined) end = max;
  if (moreSteps.length > 0) throw new CronError(`too many slashes: ${expression}`);
  if (start < min) throw new CronError(`beginning of range (${start}) below minimum (${min}): ${expression}`);
  if (end > max) throw new CronError(`end of range (${end}) above maximum (${max}): ${expression}`);
  if (start > end)
    throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${expression}`);
  if (step === 0) throw new CronError(`step of range should be a positive number: ${expression}`);
  if (isStar && step === 1) return '*';
  return step === 1 ? `${start}-${end}` : `${start}-${end}/${Math.min(step, max - min + 1)}`;
}

function parseNumber(text: string, names: Record<string, number> | undefined): number {
  const named = names?.[text.toLowerCase()];
  if (named !== undefined) return named;
  if (!/^[-+]?\d+$/.test(text))
    throw new CronError(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  if (Number(text) < 0) throw new CronError(`negative number (${Number(text)}) not allowed: ${text}`);
  return Number(text);
}
