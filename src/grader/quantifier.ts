import type { Mismatch } from './judge-object.js';
import type { Outcome } from './outcome.js';
import type { Check, Size } from './schema.js';
import { sayNamespace, sayPlural, saySelector, saySize } from './sentence.js';
import { withinSize } from './size.js';

/** One selected object, and what of the expectations it does not meet. */
export interface JudgedObject {
  label: string;
  mismatches: Mismatch[];
}

/** What a quantifier asks for: how many objects must be as expected, of how many selected. */
interface Demand {
  holds: (fitting: number, selected: number) => boolean;
  expected: string;
  /** Holds over nothing because that is what was written, not because there was nothing to look at. */
  meansNothing: boolean;
}

function demandOf(check: Check): Demand {
  const { quantifier = 'any' } = check;
  const bare = check.expect === undefined && check.cel === undefined;
  if (typeof quantifier === 'object') return countDemand(quantifier.count, bare);
  switch (quantifier) {
    case 'one':
      return { holds: (fitting) => fitting === 1, expected: 'exactly 1', meansNothing: false };
    case 'all':
      return {
        holds: (fitting, selected) => fitting === selected,
        expected: 'all of them',
        meansNothing: false,
      };
    case 'any':
      return { holds: (fitting) => fitting > 0, expected: 'at least 1', meansNothing: false };
    case 'none':
      return { holds: (fitting) => fitting === 0, expected: 'none', meansNothing: bare };
  }
}

const countDemand = (size: Size, bare: boolean): Demand => ({
  holds: (fitting) => withinSize(fitting, size),
  expected: saySize(size),
  meansNothing: bare && size === 0,
});

/**
 * Judges a selection by the check's quantifier. Over nothing it is a pass only where "nothing" is what was written:
 * `none` or `count: 0` of bare objects, or `allowNothing`.
 */
export function judgeSelection(check: Check, judged: readonly JudgedObject[]): Outcome {
  const demand = demandOf(check);
  const { kind, selector, namespace } = check.object;
  const fitting = judged.filter((object) => object.mismatches.length === 0);
  const where = `${saySelector(selector)}${sayNamespace(namespace)}`;
  const overNothing = judged.length === 0 && !demand.meansNothing && check.allowNothing !== true;
  const verb = fitting.length === 1 || judged.length === 1 ? 'is' : 'are';
  const observed = `${fitting.length} of ${sayPlural(judged.length, kind)}`;
  if (!overNothing && demand.holds(fitting.length, judged.length))
    return {
      state: 'passed',
      message: `${observed}${where} ${verb} as expected`,
    };
  const counts = `${observed}${where} ${verb} as expected, should be ${demand.expected}`;
  return {
    state: 'failed',
    message: [counts, ...examples(check, judged)].join('; '),
    observed: judged.length === 0 ? 'nothing' : observed,
    expected: demand.expected,
  };
}

/** For `none`, objects that should not be as they are; otherwise those that are not as expected, and why. */
function examples(check: Check, judged: readonly JudgedObject[]): string[] {
  if (check.quantifier === 'none')
    return judged
      .filter((object) => object.mismatches.length === 0)
      .slice(0, 2)
      .map((object) => object.label);
  return judged
    .flatMap(({ label, mismatches: [first] }) => (first ? [`${label}: ${first.sentence}`] : []))
    .slice(0, 2);
}
