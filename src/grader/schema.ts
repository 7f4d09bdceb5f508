import { z } from 'zod';
import { conditionProblem, MAX_CONDITION_LENGTH } from './condition.js';
import { DURATION_PATTERN } from './duration.js';
import { FieldPathError, parseFieldPath } from './field-path.js';
import { MAX_PATTERN_LENGTH, patternProblem } from './pattern.js';

/**
 * The check language as it is written in scenario files; docs/scenarios.md explains every construct. A check has one
 * subject (today `object`; history, probes and commands become subjects beside it) and what is expected of it.
 */
const json: z.ZodType<unknown> = z.json();

const wholeNumber = z.int().min(0);
const magnitude = z.union([z.number(), z.string().min(1).max(64)]);

const size = z.union([
  wholeNumber,
  z
    .strictObject({ atLeast: wholeNumber.optional(), atMost: wholeNumber.optional() })
    .refine((range) => Object.keys(range).length > 0, 'write atLeast, atMost or both'),
]);

/** How many: exactly, or within bounds that are included. */
export type Size = z.output<typeof size>;

export const OPERATORS = [
  'equals',
  'oneOf',
  'matches',
  'atLeast',
  'atMost',
  'moreThan',
  'lessThan',
  'length',
  'contains',
  'subset',
  'present',
  'absent',
  'not',
  'every',
  'any',
] as const;
export type OperatorName = (typeof OPERATORS)[number];

/** What is expected of one value; several operators must all hold. */
export interface Operators {
  equals?: unknown;
  oneOf?: unknown[] | undefined;
  matches?: string | undefined;
  atLeast?: number | string | undefined;
  atMost?: number | string | undefined;
  moreThan?: number | string | undefined;
  lessThan?: number | string | undefined;
  length?: Size | undefined;
  contains?: unknown;
  subset?: unknown;
  present?: true | undefined;
  absent?: true | undefined;
  not?: Expectation | undefined;
  every?: Expectation | undefined;
  any?: Expectation | undefined;
}

/** A scalar or list is short for `{equals: …}`. */
export type Expectation = Scalar | unknown[] | Operators;
type Scalar = string | number | boolean | null;

const operators: z.ZodType<Operators> = z
  .strictObject({
    equals: json.optional(),
    oneOf: z.array(json).min(1).max(50).optional(),
    matches: z.string().min(1).max(MAX_PATTERN_LENGTH).superRefine(refinePattern).optional(),
    atLeast: magnitude.optional(),
    atMost: magnitude.optional(),
    moreThan: magnitude.optional(),
    lessThan: magnitude.optional(),
    length: size.optional(),
    contains: json.optional(),
    subset: z.union([z.record(z.string(), json), z.array(json)]).optional(),
    present: z.literal(true).optional(),
    absent: z.literal(true).optional(),
    not: z.lazy(() => expectation).optional(),
    every: z.lazy(() => expectation).optional(),
    any: z.lazy(() => expectation).optional(),
  })
  .refine((value) => Object.keys(value).length > 0, `write at least one operator: ${OPERATORS.join(', ')}`);

export const expectation: z.ZodType<Expectation> = z
  .union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), operators])
  .meta({ id: 'Expectation' });

const fieldPath = z.string().min(1).superRefine(refinePath);

const expectMap = z.record(z.string(), expectation).superRefine((map, context) => {
  for (const [path, expected] of Object.entries(map)) {
    const problem = pathProblem(path) ?? severalProblem(path, expected);
    if (problem) context.addIssue({ code: 'custom', message: problem, path: [path] });
  }
});

const expectList = z
  .array(
    z
      .strictObject({ path: fieldPath, is: expectation, message: z.string().min(1).max(500).optional() })
      .superRefine(({ path, is }, context) => {
        const problem = severalProblem(path, is);
        if (problem) context.addIssue({ code: 'custom', message: problem, path: ['path'] });
      }),
  )
  .min(1)
  .max(50);

const celText = z.string().min(1).max(MAX_CONDITION_LENGTH).superRefine(refineCondition);
const celEntry = z.union([
  celText,
  z.strictObject({ condition: celText, message: z.string().min(1).max(500).optional() }),
]);

const objectSubject = z.strictObject({
  apiVersion: z.string().regex(/^([a-z0-9.-]+\/)?v[a-z0-9]+$/, 'expected a version such as v1 or apps/v1'),
  kind: z.string().regex(/^[A-Z][A-Za-z0-9]*$/, 'expected a kind such as Deployment'),
  /** `default` for namespaced kinds when absent; `*` for all namespaces. */
  namespace: z.string().min(1).max(63).optional(),
  name: z.string().min(1).max(253).optional(),
  /** Labels that must be equal, or a label selector as kubectl writes it: `app in (web, api), !legacy`. */
  selector: z.union([z.record(z.string().min(1), z.string()), z.string().min(1).max(500)]).optional(),
});

const quantifier = z.union([z.enum(['one', 'all', 'any', 'none']), z.strictObject({ count: size })]);

export const durationText = z
  .string()
  .regex(DURATION_PATTERN, 'expected a duration such as 45s, 5m or 1m30s');

export const identifier = z
  .string()
  .max(60)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected lower-case letters, digits and single dashes');

export const checkSchema = z
  .strictObject({
    id: identifier,
    title: z.string().min(1).max(200),
    points: z.int().min(0).max(1000).optional(),
    object: objectSubject,
    quantifier: quantifier.optional(),
    /** Lets `none` and `count` with expectations pass although nothing was selected. */
    allowNothing: z.literal(true).optional(),
    expect: z.union([expectMap, expectList]).optional(),
    cel: z.union([celEntry, z.array(celEntry).min(1).max(10)]).optional(),
    /** How long after the learner asked the check may still be pending. */
    within: durationText.optional(),
    /** The author's words on a failure; the automatic sentence follows them. */
    message: z.string().min(1).max(500).optional(),
  })
  .superRefine(refineQuantifier)
  .meta({ id: 'Check' });

export type Check = z.output<typeof checkSchema>;
export type ObjectSubject = z.output<typeof objectSubject>;
export type Quantifier = z.output<typeof quantifier>;

function refineQuantifier(
  check: {
    object: { name?: string | undefined; selector?: unknown };
    quantifier?: Quantifier | undefined;
    expect?: unknown;
    cel?: unknown;
  },
  context: z.RefinementCtx,
): void {
  const report = (path: string[], message: string) => context.addIssue({ code: 'custom', message, path });
  const { object, quantifier: chosen } = check;
  const expectsSomething = check.expect !== undefined || check.cel !== undefined;
  if (object.name !== undefined) {
    if (object.selector !== undefined) report(['object', 'selector'], 'write either a name or a selector');
    if (chosen !== undefined && chosen !== 'none')
      report(['quantifier'], 'a named object takes no quantifier, except "none" when it must not exist');
  } else if (chosen === undefined)
    report(['object'], 'several objects need a quantifier: one, all, any, none or {count: …}');
  else if (chosen === 'all' && !expectsSomething)
    report(['quantifier'], '"all" needs an expectation: write expect or cel');
}

function pathProblem(text: string): string | undefined {
  try {
    parseFieldPath(text);
    return undefined;
  } catch (error) {
    if (error instanceof FieldPathError) return error.message;
    throw error;
  }
}

/** `[*]` leads to several values, and what holds for several must be said: all of them, one of them, how many. */
const FOR_SEVERAL = new Set(['every', 'any', 'length', 'contains', 'subset', 'not']);

function severalProblem(path: string, expected: Expectation): string | undefined {
  if (pathProblem(path) !== undefined || !parseFieldPath(path).several) return undefined;
  const names =
    typeof expected === 'object' && expected && !Array.isArray(expected) ? Object.keys(expected) : [];
  if (names.length > 0 && names.every((name) => FOR_SEVERAL.has(name))) return undefined;
  return 'a path with [*] names several values: write every, any, length, contains or subset';
}

function refinePath(text: string, context: z.RefinementCtx): void {
  const problem = pathProblem(text);
  if (problem) context.addIssue({ code: 'custom', message: problem });
}

function refinePattern(text: string, context: z.RefinementCtx): void {
  const problem = patternProblem(text);
  if (problem) context.addIssue({ code: 'custom', message: `not a pattern: ${problem}` });
}

function refineCondition(text: string, context: z.RefinementCtx): void {
  const problem = conditionProblem(text);
  if (problem) context.addIssue({ code: 'custom', message: `not a CEL condition: ${problem}` });
}
