import { RE2JS } from 're2js';

export const MAX_PATTERN_LENGTH = 500;

/** Longer values are looked at up to here; names, images and annotations are far shorter. */
const MAX_SUBJECT_LENGTH = 65_536;

const compiled = new Map<string, RE2JS>();
const MAX_COMPILED = 1000;

/**
 * Compiles an RE2 expression (https://github.com/google/re2/wiki/Syntax), whose matching takes time linear in the
 * subject whatever the pattern: no author can write one that hangs. Throws Error with the reason when it is none.
 */
function compile(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known) return known;
  if (pattern.length > MAX_PATTERN_LENGTH)
    throw new Error(`the pattern is longer than ${MAX_PATTERN_LENGTH} characters`);
  const made = RE2JS.compile(pattern);
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

/** Why `pattern` cannot be used, or undefined. */
export function patternProblem(pattern: string): string | undefined {
  try {
    compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
  }
}

/** Whether the pattern occurs in `subject`; write `^…$` for the whole of it, as in CEL. */
export function matchesPattern(pattern: string, subject: string): boolean {
  return compile(pattern).matcher(subject.slice(0, MAX_SUBJECT_LENGTH)).find();
}
