import { evaluateCondition } from './condition.js';
import { type FieldPath, type MissingItem, parseFieldPath, resolveFieldPath } from './field-path.js';
import { judgeValue } from './judge-value.js';
import type { Check, Expectation } from './schema.js';
import { sayChoice, sayValue } from './sentence.js';

/** One expectation that an object does not meet. */
export interface Mismatch {
  /** `spec.replicas is 1, expected at least 3`. */
  sentence: string;
  observed: string;
  expected: string;
}

/** A check's expectations, read once and used on every object it selects. */
export interface Expectations {
  fields: { path: FieldPath; expectation: Expectation; message?: string | undefined }[];
  conditions: { text: string; message?: string | undefined }[];
}

export function readExpectations(check: Pick<Check, 'expect' | 'cel'>): Expectations {
  const { expect = {}, cel = [] } = check;
  const fields = Array.isArray(expect)
    ? expect.map(({ path, is, message }) => ({ path: parseFieldPath(path), expectation: is, message }))
    : Object.entries(expect).map(([path, is]) => ({ path: parseFieldPath(path), expectation: is }));
  const entries = Array.isArray(cel) ? cel : [cel];
  const conditions = entries.map((entry) =>
    typeof entry === 'string' ? { text: entry } : { text: entry.condition, message: entry.message },
  );
  return { fields, conditions };
}

/** Everything that `object` does not meet, in the order written. Throws ConditionLimitError. */
export function judgeObject(
  expectations: Expectations,
  object: object,
  objects: readonly object[],
): Mismatch[] {
  const mismatches: Mismatch[] = [];
  for (const { path, expectation, message } of expectations.fields) {
    const mismatch = judgeField(path, expectation, object);
    if (mismatch) mismatches.push(message === undefined ? mismatch : { ...mismatch, sentence: message });
  }
  for (const { text, message } of expectations.conditions) {
    const result = evaluateCondition(text, { object, objects });
    if (result.holds) continue;
    const because = result.reason === undefined ? '' : ` (${result.reason})`;
    mismatches.push({
      sentence: message ?? `the condition does not hold: ${text}${because}`,
      observed: result.reason ?? 'false',
      expected: text,
    });
  }
  return mismatches;
}

/** A path with `[*]` is judged as one list; one whose keys fit several items, for each of them. */
function judgeField(path: FieldPath, expectation: Expectation, object: object): Mismatch | undefined {
  const { values, missingItem } = resolveFieldPath(path, object);
  for (const value of path.several ? [values] : values) {
    const { holds, expected } = judgeValue(value, expectation, path.trail);
    if (holds) continue;
    const observed = sayValue(value);
    const found = observed === 'nothing' ? 'missing' : observed;
    const sentence = missingItem
      ? sayMissingItem(missingItem)
      : `${path.text} is ${found}, expected ${expected}`;
    return { sentence, observed, expected };
  }
  return undefined;
}

function sayMissingItem({ listPath, wanted, candidates }: MissingItem): string {
  const others = candidates.length > 0 ? `; it has ${sayChoice(candidates, 'and')}` : '';
  return `${listPath} has no item with ${wanted}${others}`;
}
