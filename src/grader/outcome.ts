import type { Mismatch } from './judge-object.js';

/** How a check came out, before points and deadlines. */
export interface Outcome {
  state: 'passed' | 'failed' | 'unknown';
  message: string;
  observed?: string;
  expected?: string;
}

/** The first three in full; the first one's values as observed and expected. */
export function tellMismatches(
  label: string,
  mismatches: Mismatch[],
): Pick<Outcome, 'message' | 'observed' | 'expected'> {
  const [first] = mismatches;
  const sentences = mismatches.slice(0, 3).map((mismatch) => mismatch.sentence);
  const more = mismatches.length > 3 ? `; and ${mismatches.length - 3} more` : '';
  return {
    message: `${label}: ${sentences.join('; ')}${more}`,
    ...(first && { observed: first.observed, expected: first.expected }),
  };
}
