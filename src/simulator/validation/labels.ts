import type { LabelSelector } from '../api/meta-v1.generated.js';
import { selectorFrom, selectorMatches } from '../machinery/label-selector.js';
import { labelValueProblems, qualifiedNameProblems } from '../machinery/names.js';
import { type FieldProblem, forbidden, invalid, type Problems, required } from './problems.js';
import { checked, type Loose } from './rules.js';

export function* validateLabels(
  field: string,
  labels: Record<string, string | undefined> | undefined,
): Problems {
  for (const [key, value = ''] of Object.entries(labels ?? {})) {
    yield* checked(field, key, qualifiedNameProblems);
    yield* checked(field, value, labelValueProblems);
  }
}

/** The number of values that an operator on sets takes; returns whether it is one. */
export function* validateSetOperator(
  path: string,
  operator: string,
  values: readonly unknown[],
): Generator<FieldProblem, boolean> {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      yield required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      yield forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  } else return false;
  return true;
}

export function* validateSelector(field: string, selector: Loose<LabelSelector> | undefined): Problems {
  if (!selector) return;
  yield* validateLabels(`${field}.matchLabels`, selector.matchLabels);
  for (const [index, expression] of (selector.matchExpressions ?? []).entries()) {
    const path = `${field}.matchExpressions[${index}]`;
    const { operator = '', values = [] } = expression;
    if (!(yield* validateSetOperator(path, operator, values)))
      yield invalid(`${path}.operator`, operator, 'not a valid selector operator');
    yield* checked(`${path}.key`, expression.key ?? '', qualifiedNameProblems);
    for (const [at, value] of values.entries())
      yield* checked(`${path}.values[${at}]`, value, labelValueProblems);
  }
}

export const isEmptySelector = (selector: Loose<LabelSelector>) =>
  Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0;

/** Whether the selector of a workload selects the pods of its template; true for a selector that cannot be read. */
export function selectsLabels(
  selector: Loose<LabelSelector> | undefined,
  labels: Record<string, string | undefined> | undefined,
): boolean {
  const known = ['In', 'NotIn', 'Exists', 'DoesNotExist'];
  const { matchExpressions = [] } = selector ?? {};
  if (!matchExpressions.every(({ operator }) => known.includes(operator ?? ''))) return true;
  return selectorMatches(selectorFrom(selector as LabelSelector), labels as Record<string, string>);
}
