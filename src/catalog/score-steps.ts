import type { Check } from '../grader/schema.js';
import type { ScoredCheck } from './scenario.js';

/**
 * Gives every check its points: its own; or an even share of what the step's `points` leave; or 1. Returns a sentence
 * when they do not add up.
 */
export function scoreChecks(
  checks: readonly Check[],
  stepPoints: number | undefined,
): ScoredCheck[] | string {
  const unscored = checks.filter((check) => check.points === undefined).length;
  const scored = checks.reduce((sum, check) => sum + (check.points ?? 0), 0);
  const rest = (stepPoints ?? scored + unscored) - scored;
  const share = unscored === 0 ? 0 : rest / unscored;
  if (stepPoints !== undefined && unscored === 0 && rest !== 0)
    return `the checks are worth ${scored} points, the step says ${stepPoints}`;
  if (rest < 0 || !Number.isInteger(share))
    return `${rest} points cannot be shared evenly among ${unscored} checks`;
  return checks.map((check) => ({ ...check, points: check.points ?? share }));
}
