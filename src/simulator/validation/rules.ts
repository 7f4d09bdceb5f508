import { isIP } from 'node:net';
import { equalJson } from '../machinery/json.js';
import type { KubernetesObject } from '../object.js';
import { type FieldProblem, forbidden, invalid, notSupported, type Problems, required } from './problems.js';

/** An object that has not been validated yet: whatever its type declares may be missing. */
export type Loose<T> = T extends (infer Item)[]
  ? Loose<Item>[]
  : T extends object
    ? { [Key in keyof T]?: Loose<NonNullable<T[Key]>> | undefined }
    : T;

/** What one resource demands beyond the rules for metadata. */
export interface ResourceRules {
  /** What is wrong with a name; names are DNS subdomains unless told. */
  nameProblems?: (name: string) => string[];
  validate?: (object: KubernetesObject) => Iterable<FieldProblem>;
  /** Replaces `validate` for updates. */
  validateUpdate?: (after: KubernetesObject, before: KubernetesObject) => Iterable<FieldProblem>;
}

/** Rules for objects of one type; their callers know that the resource is of that type. */
export function rulesFor<T extends KubernetesObject>(rules: {
  nameProblems?: (name: string) => string[];
  validate?: (object: Loose<T>) => Iterable<FieldProblem>;
  validateUpdate?: (after: Loose<T>, before: Loose<T>) => Iterable<FieldProblem>;
}): ResourceRules {
  return rules as ResourceRules;
}

export const IMMUTABLE = 'field is immutable';

export function* immutable(field: string, after: unknown, before: unknown): Problems {
  if (!equalJson(after, before)) yield invalid(field, after, IMMUTABLE);
}

/** `must be between 1 and 65535, inclusive` */
export const inRange = (low: number, high: number) => `must be between ${low} and ${high}, inclusive`;

export function* nonNegative(field: string, value: number | undefined): Problems {
  if (value !== undefined && value < 0) yield invalid(field, value, 'must be greater than or equal to 0');
}

export function* positive(field: string, value: number | undefined): Problems {
  if (value !== undefined && value < 1) yield invalid(field, value, 'must be greater than 0');
}

/** One `Invalid value` for each thing that a rule finds wrong. */
export function* checked(field: string, value: string, problemsOf: (value: string) => string[]): Problems {
  for (const problem of problemsOf(value)) yield invalid(field, value, problem);
}

/** Required, and right by the rule. */
export function* requiredAnd(
  field: string,
  value: string | undefined,
  problemsOf: (value: string) => string[],
): Problems {
  if (!value) yield required(field);
  else yield* checked(field, value, problemsOf);
}

export function* requiredText(field: string, value: string | undefined): Problems {
  if (!value) yield required(field);
}

/** Absent, or one of these. */
export function* oneOf(field: string, value: string | undefined, supported: readonly string[]): Problems {
  if (value !== undefined && !supported.includes(value)) yield notSupported(field, value, supported);
}

/** Present, and one of these. */
export function* requiredOneOf(
  field: string,
  value: string | undefined,
  supported: readonly string[],
): Problems {
  if (!value) yield required(field);
  else yield* oneOf(field, value, supported);
}

/** At most one of the named members is present; the later ones are forbidden. Tells which are. */
export function* atMostOneMember(
  field: string,
  value: object,
  members: readonly string[],
  detail: string,
): Problems {
  const present = members.filter((member) => (value as Record<string, unknown>)[member] !== undefined);
  for (const member of present.slice(1)) yield forbidden(`${field}.${member}`, detail);
}

export function* ipAddress(field: string, value: string): Problems {
  if (isIP(value) === 0)
    yield invalid(field, value, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)');
}
