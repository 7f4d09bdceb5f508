import { DecodeError } from './decode-error.js';

/** `JSON.parse` with the messages of Go's decoder. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DecodeError(describeSyntaxError(text), { cause: error });
  }
}

/**
 * Paths of object members that the (valid) JSON text has more than once, such as `spec.replicas` or
 * `spec.containers[0].name`. Each path once, in the order of the text. `parsed` is what the text says: where it has as many
 * members as the text has colons, no member was there twice, and the text is not read again.
 */
export function findDuplicateFields(text: string, parsed: unknown): string[] {
  if (countColons(text) === countMembers(parsed)) return [];
  const scanner = new Scanner(text);
  scanner.scanDocument();
  return [...scanner.duplicates];
}

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const COLON = ':'.charCodeAt(0);

/** Outside of strings, in valid JSON. */
function countColons(text: string): number {
  let count = 0;
  for (let position = 0; position < text.length; position++) {
    const code = text.charCodeAt(position);
    if (code === COLON) count++;
    if (code !== QUOTE) continue;
    for (position++; text.charCodeAt(position) !== QUOTE; position++)
      if (text.charCodeAt(position) === BACKSLASH) position++;
  }
  return count;
}

/** Of all objects in a value, however deep they are. */
function countMembers(value: unknown): number {
  let count = 0;
  const pending = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    const members = Object.values(next);
    if (!Array.isArray(next)) count += members.length;
    for (const member of members) if (typeof member === 'object' && member !== null) pending.push(member);
  }
  return count;
}

function describeSyntaxError(text: string): string {
  try {
    new Scanner(text).scanDocument();
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
  return 'invalid JSON';
}

/** An object or list that the scanner is inside of. */
interface Frame {
  close: '}' | ']';
  /** Members seen so far; undefined in lists. */
  seen: Set<string> | undefined;
  step: string;
  index: number;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in strings.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const LITERAL = /true|false|null/y;

/** Reads JSON without building it and without recursion, so that depth costs nothing. */
class Scanner {
  readonly duplicates = new Set<string>();
  private position = 0;
  private readonly frames: Frame[] = [];

  constructor(private readonly text: string) {}

  scanDocument(): void {
    this.scanValue('looking for beginning of value');
    while (this.frames.length > 0) this.scanNext();
    this.skipSpace();
    if (this.position < this.text.length) this.fail('after top-level value');
  }

  private scanNext(): void {
    const frame = this.frames.at(-1);
    if (!frame) return;
    this.skipSpace();
    if (this.text[this.position] === frame.close) {
      this.leave();
      return;
    }
    if (frame.index >= 0) {
      if (this.text[this.position] !== ',')
        this.fail(frame.seen ? 'after object key:value pair' : 'after array element');
      this.position++;
    }
    frame.index++;
    if (frame.seen) this.scanKey(frame, frame.seen);
    else frame.step = `[${frame.index}]`;
    this.scanValue('looking for beginning of value');
  }

  private scanKey(frame: Frame, seen: Set<string>): void {
    this.skipSpace();
    if (this.text[this.position] !== '"') this.fail('looking for beginning of object key string');
    const key = JSON.parse(this.scanToken(STRING, 'in string literal')) as string;
    frame.step = key;
    if (seen.has(key)) this.duplicates.add(this.pathHere());
    seen.add(key);
    this.skipSpace();
    if (this.text[this.position] !== ':') this.fail('after object key');
    this.position++;
  }

  private scanValue(context: string): void {
    this.skipSpace();
    const character = this.text[this.position];
    if (character === '{') this.enter({ close: '}', seen: new Set(), step: '', index: -1 });
    else if (character === '[') this.enter({ close: ']', seen: undefined, step: '', index: -1 });
    else if (character === '"') this.scanToken(STRING, 'in string literal');
    else if (character !== undefined && /[-\d]/.test(character)) this.scanToken(NUMBER, 'in numeric literal');
    else if (character !== undefined && 'tfn'.includes(character)) this.scanToken(LITERAL, 'in literal');
    else this.fail(context);
  }

  private scanToken(pattern: RegExp, context: string): string {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (!match) {
      this.position = this.wrongCharacter(context);
      this.fail(context);
    }
    this.position += match?.[0].length ?? 0;
    return match?.[0] ?? '';
  }

  /** Where in a broken token the first character is that cannot be there. */
  private wrongCharacter(context: string): number {
    let position = this.position + 1;
    if (context !== 'in string literal') return position;
    while (position < this.text.length && this.text.charCodeAt(position) >= 0x20) position++;
    return position;
  }

  private enter(frame: Frame): void {
    this.position++;
    this.frames.push(frame);
  }

  private leave(): void {
    this.position++;
    this.frames.pop();
  }

  private pathHere(): string {
    return this.frames
      .map(({ step }, index) => (step.startsWith('[') || index === 0 ? step : `.${step}`))
      .join('');
  }

  private skipSpace(): void {
    while (' \t\r\n'.includes(this.text[this.position] ?? '-')) this.position++;
  }

  private fail(context: string): never {
    const character = this.text[this.position];
    if (character === undefined) throw new DecodeError('unexpected end of JSON input');
    const shown =
      character === "'" ? `'\\''` : character === '"' ? `'"'` : `'${JSON.stringify(character).slice(1, -1)}'`;
    throw new DecodeError(`invalid character ${shown} ${context}`);
  }
}
