import { equalValues, includesValue } from './compare-values.js';
import { matchesPattern } from './pattern.js';
import { compareQuantities } from './quantity.js';
import type { Expectation, OperatorName, Operators } from './schema.js';
import { saySize, sayValue } from './sentence.js';
import { withinSize } from './size.js';

/** What was expected, in words that follow "expected", and whether the value is so. */
export interface Judgement {
  holds: boolean;
  expected: string;
}

type Judge<Name extends OperatorName> = (
  value: unknown,
  expected: NonNullable<Operators[Name]>,
  trail: readonly string[],
) => Judgement;

const isNothing = (value: unknown): boolean => value === undefined || value === null;

const magnitudeJudge =
  (word: string, holds: (order: number) => boolean) =>
  (value: unknown, expected: number | string): Judgement => {
    const order = compareQuantities(value, expected);
    return { holds: order !== undefined && holds(order), expected: `${word} ${expected}` };
  };

const JUDGES: { [Name in OperatorName]: Judge<Name> } = {
  equals: (value, expected, trail) => ({
    holds: equalValues(value, expected, trail),
    expected: sayValue(expected),
  }),
  oneOf: (value, expected, trail) => ({
    holds: expected.some((one) => equalValues(value, one, trail)),
    expected: `one of ${expected.map(sayValue).join(', ')}`,
  }),
  matches: (value, expected) => ({
    holds: isScalar(value) && matchesPattern(expected, String(value)),
    expected: `something that matches ${expected}`,
  }),
  atLeast: magnitudeJudge('at least', (order) => order >= 0),
  atMost: magnitudeJudge('at most', (order) => order <= 0),
  moreThan: magnitudeJudge('more than', (order) => order > 0),
  lessThan: magnitudeJudge('less than', (order) => order < 0),
  length: (value, expected) => {
    const length = lengthOf(value);
    return {
      holds: length !== undefined && withinSize(length, expected),
      expected: `a length of ${saySize(expected)}`,
    };
  },
  contains: (value, expected, trail) => ({
    holds: Array.isArray(value)
      ? value.some((item) => includesValue(item, expected, trail))
      : typeof value === 'string' && isScalar(expected) && value.includes(String(expected)),
    expected: `something that contains ${sayValue(expected)}`,
  }),
  subset: (value, expected, trail) => ({
    holds: includesValue(value, expected, trail),
    expected: `something that includes ${sayValue(expected)}`,
  }),
  present: (value) => ({ holds: !isNothing(value), expected: 'something' }),
  absent: (value) => ({ holds: isNothing(value), expected: 'nothing' }),
  not: (value, expected, trail) => {
    const inner = judgeValue(value, expected, trail);
    return { holds: !inner.holds, expected: `not ${inner.expected}` };
  },
  every: (value, expected, trail) => {
    const items = Array.isArray(value) ? value.map((item) => judgeValue(item, expected, trail)) : [];
    const holds = items.length > 0 && items.every((item) => item.holds);
    return { holds, expected: `every one to be ${expectedText(expected, trail)}` };
  },
  any: (value, expected, trail) => ({
    holds: Array.isArray(value) && value.some((item) => judgeValue(item, expected, trail).holds),
    expected: `at least one to be ${expectedText(expected, trail)}`,
  }),
};

/**
 * Whether `value` is as expected. A missing value (`undefined`) is judged like any other: it is absent, and nothing
 * else. `trail` names the fields that lead to it, which tells quantities from plain text.
 */
export function judgeValue(value: unknown, expectation: Expectation, trail: readonly string[]): Judgement {
  if (!isOperators(expectation)) return judgeOperator('equals', value, { equals: expectation }, trail);
  const judgements = operatorNames(expectation).map((name) => judgeOperator(name, value, expectation, trail));
  const broken = judgements.filter((judgement) => !judgement.holds);
  const told = broken.length > 0 ? broken : judgements;
  return { holds: broken.length === 0, expected: told.map((judgement) => judgement.expected).join(' and ') };
}

function judgeOperator<Name extends OperatorName>(
  name: Name,
  value: unknown,
  operators: Operators,
  trail: readonly string[],
): Judgement {
  return (JUDGES[name] as Judge<Name>)(value, operators[name] as NonNullable<Operators[Name]>, trail);
}

/** Those written, in the language's own order: the order in the file changes nothing. */
const operatorNames = (operators: Operators): OperatorName[] =>
  (Object.keys(JUDGES) as OperatorName[]).filter((name) => operators[name] !== undefined);

const isOperators = (expectation: Expectation): expectation is Operators =>
  typeof expectation === 'object' && expectation !== null && !Array.isArray(expectation);

/** All that is expected, told without a value. */
function expectedText(expectation: Expectation, trail: readonly string[]): string {
  if (!isOperators(expectation)) return sayValue(expectation);
  return operatorNames(expectation)
    .map((name) => judgeOperator(name, undefined, expectation, trail).expected)
    .join(' and ');
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

function lengthOf(value: unknown): number | undefined {
  if (isNothing(value)) return 0;
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : undefined;
}
