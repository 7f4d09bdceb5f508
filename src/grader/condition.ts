import vm from 'node:vm';
import { Environment, EvaluationError, type ParseResult } from '@marcbachmann/cel-js';

export const MAX_CONDITION_LENGTH = 2000;

/** Far above any honest condition (microseconds); enough that a loaded machine does not cut one off. */
const TIME_LIMIT_MS = 250;

/** What a condition may look at in all: a list of 500 large objects stays below it. */
const MAX_INPUT_VALUES = 500_000;

const MAX_COMPREHENSION_DEPTH = 3;

/** Each `+` may double a list or string; without a bound a short chain of them fills the memory before time is up. */
const MAX_ADDITIONS = 12;

const COMPREHENSIONS = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/**
 * Conditions in the Common Expression Language (https://cel.dev), over `object` (the object judged) and `objects` (all
 * that were selected). Bounded: parsed size, nesting of comprehensions, input size and running time.
 */
const environment = new Environment({
  enableOptionalTypes: true,
  homogeneousAggregateLiterals: false,
  limits: { maxAstNodes: 500, maxDepth: 40, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 10 },
})
  .registerVariable('object', 'dyn')
  .registerVariable('objects', 'list');

/** `false` with the reason when a key that the condition reads is missing or types do not fit. */
export type ConditionResult = { holds: true } | { holds: false; reason?: string };

/** The condition could not be judged within its bounds. */
export class ConditionLimitError extends Error {}

type Compiled = { program: ParseResult } | { problem: string };

const compiled = new Map<string, Compiled>();
const MAX_COMPILED = 1000;

function compile(condition: string): Compiled {
  const known = compiled.get(condition);
  if (known) return known;
  const made = compileAnew(condition);
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(condition, made);
  return made;
}

function compileAnew(condition: string): Compiled {
  if (condition.length > MAX_CONDITION_LENGTH)
    return { problem: `longer than ${MAX_CONDITION_LENGTH} characters` };
  try {
    const program = environment.parse(condition);
    const { depth, additions } = shapeOf(program.ast);
    if (depth > MAX_COMPREHENSION_DEPTH)
      return { problem: `more than ${MAX_COMPREHENSION_DEPTH} comprehensions inside one another` };
    if (additions > MAX_ADDITIONS) return { problem: `more than ${MAX_ADDITIONS} additions` };
    const { valid, type = '', error } = program.check();
    if (!valid) return { problem: firstLine(error) };
    if (type !== 'bool' && !type.startsWith('dyn')) return { problem: `it gives ${type}, not true or false` };
    return { program };
  } catch (error) {
    return { problem: firstLine(error) };
  }
}

/** Why `condition` cannot be used, or undefined. */
export function conditionProblem(condition: string): string | undefined {
  const made = compile(condition);
  return 'problem' in made ? made.problem : undefined;
}

/** Throws ConditionLimitError when it takes too long or looks at too much. */
export function evaluateCondition(
  condition: string,
  input: { object: object; objects: readonly object[] },
): ConditionResult {
  const made = compile(condition);
  if ('problem' in made) return { holds: false, reason: made.problem };
  const context = { object: celValueOf(input.object).value, objects: celList(input.objects) };
  try {
    const result: unknown = withTimeLimit(() => made.program(context));
    return result === true ? { holds: true } : { holds: false };
  } catch (error) {
    if (error instanceof EvaluationError) return { holds: false, reason: firstLine(error) };
    throw error;
  }
}

interface CelValue {
  value: unknown;
  /** How many scalars, lists and maps there are in it. */
  size: number;
}

/** Each object is turned into CEL once, however many conditions and quantifiers look at it. */
const celValues = new WeakMap<object, CelValue>();

function celValueOf(object: object): CelValue {
  const known = celValues.get(object);
  if (known) return known;
  const counter = { size: 0 };
  const value = toCel(object, counter);
  const made = { value, size: counter.size };
  celValues.set(object, made);
  return made;
}

function celList(objects: readonly object[]): unknown[] {
  let size = 0;
  return objects.map((object) => {
    const made = celValueOf(object);
    size += made.size;
    if (size > MAX_INPUT_VALUES) throw new ConditionLimitError('the objects are too large for a condition');
    return made.value;
  });
}

/** JSON as CEL has it: whole numbers are integers, or `replicas + 1` would have no meaning. */
function toCel(value: unknown, counter: { size: number }): unknown {
  if (++counter.size > MAX_INPUT_VALUES)
    throw new ConditionLimitError('the object is too large for a condition');
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map((item) => toCel(item, counter));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toCel(field, counter)]));
}

const runCurrent = new vm.Script('globalThis[Symbol.for("seatrial.condition")]()');
const currentKey = Symbol.for('seatrial.condition');

/** V8 itself stops what runs too long, wherever it is: the evaluator has no limit of its own. */
function withTimeLimit<T>(run: () => T): T {
  Reflect.set(globalThis, currentKey, run);
  try {
    return runCurrent.runInThisContext({ timeout: TIME_LIMIT_MS }) as T;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      throw new ConditionLimitError(`the condition took longer than ${TIME_LIMIT_MS} ms`, { cause: error });
    throw error;
  } finally {
    Reflect.deleteProperty(globalThis, currentKey);
  }
}

interface Shape {
  additions: number;
  /** How many comprehensions are inside one another at the deepest place. */
  depth: number;
}

/** Counts over the syntax tree: nodes are `{op, args}`, with lists and texts among the arguments. */
function shapeOf(node: unknown): Shape {
  if (Array.isArray(node)) {
    const parts = node.map(shapeOf);
    return {
      additions: parts.reduce((sum, part) => sum + part.additions, 0),
      depth: Math.max(0, ...parts.map((part) => part.depth)),
    };
  }
  if (typeof node !== 'object' || node === null || !('args' in node) || !('op' in node))
    return { additions: 0, depth: 0 };
  const { additions, depth } = shapeOf(node.args);
  const called: unknown = node.op === 'rcall' && Array.isArray(node.args) ? node.args[0] : undefined;
  return {
    additions: additions + (node.op === '+' ? 1 : 0),
    depth: depth + (typeof called === 'string' && COMPREHENSIONS.has(called) ? 1 : 0),
  };
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] ?? text;
}
