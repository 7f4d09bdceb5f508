/**
 * Field paths: `spec.template.spec.containers[name=web].image`, `metadata.labels["app.kubernetes.io/name"]`,
 * `spec.rules[0]`, `status.conditions[type=Ready,status="True"]`, `spec.containers[*].image`.
 */
export type PathSegment =
  | { type: 'field'; name: string }
  | { type: 'index'; index: number }
  | { type: 'every' }
  /** List items whose (dotted) fields have these values. */
  | { type: 'keys'; keys: { field: string[]; value: string }[] };

export interface FieldPath {
  text: string;
  segments: PathSegment[];
  /** The names of the fields along the way, without list positions. */
  trail: string[];
  /** Has `[*]`: names several values, in no order that may matter. */
  several: boolean;
}

export const MAX_PATH_LENGTH = 400;

export class FieldPathError extends Error {}

const FIELD = /[A-Za-z0-9_$-]+/y;
const KEY_FIELD = /\s*([A-Za-z0-9_$-]+(?:\.[A-Za-z0-9_$-]+)*)\s*=\s*/y;
const BARE_VALUE = /[^\s,\]"']+/y;
const SINGLE_QUOTED = /'([^']*)'/y;
const DOUBLE_QUOTED = /"((?:[^"\\]|\\["\\])*)"/y;

/** Reads a path left to right; every reader moves `position` on. */
class PathParser {
  private position = 0;

  constructor(private readonly text: string) {}

  parse(): PathSegment[] {
    const segments: PathSegment[] = [];
    while (this.position < this.text.length) {
      if (this.take('[')) segments.push(this.bracket());
      else {
        if (segments.length > 0 && !this.take('.')) throw this.error('expected "." or "["');
        const name = this.match(FIELD)?.[0];
        if (name === undefined) throw this.error('expected the name of a field');
        segments.push({ type: 'field', name });
      }
    }
    if (segments.length === 0) throw this.error('the path is empty');
    return segments;
  }

  private bracket(): PathSegment {
    const segment = this.insideBracket();
    if (!this.take(']')) throw this.error('expected "]"');
    return segment;
  }

  private insideBracket(): PathSegment {
    if (this.take('*')) return { type: 'every' };
    const index = this.match(/\d{1,6}(?=\])/y)?.[0];
    if (index !== undefined) return { type: 'index', index: Number(index) };
    const quoted = this.quoted();
    if (quoted !== undefined) return { type: 'field', name: quoted };
    const keys: { field: string[]; value: string }[] = [];
    do {
      const field = this.match(KEY_FIELD)?.[1];
      if (field === undefined) throw this.error('expected a position, "*", a quoted name or key=value');
      const value = this.quoted() ?? this.match(BARE_VALUE)?.[0];
      if (value === undefined) throw this.error('expected a value after "="');
      this.match(/\s*/y);
      keys.push({ field: field.split('.'), value });
    } while (this.take(','));
    return { type: 'keys', keys };
  }

  private quoted(): string | undefined {
    return this.match(SINGLE_QUOTED)?.[1] ?? this.match(DOUBLE_QUOTED)?.[1]?.replace(/\\(["\\])/g, '$1');
  }

  private take(character: string): boolean {
    if (this.text[this.position] !== character) return false;
    this.position++;
    return true;
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = this.position;
    const match = sticky.exec(this.text);
    if (match) this.position = sticky.lastIndex;
    return match ?? undefined;
  }

  private error(expectation: string): FieldPathError {
    return new FieldPathError(`${expectation} at character ${this.position + 1} of "${this.text}"`);
  }
}

/** Throws FieldPathError, which says where, when `text` is no path. */
export function parseFieldPath(text: string): FieldPath {
  if (text.length > MAX_PATH_LENGTH)
    throw new FieldPathError(`the path is longer than ${MAX_PATH_LENGTH} characters`);
  const segments = new PathParser(text).parse();
  return {
    text,
    segments,
    trail: segments.flatMap((segment) => (segment.type === 'field' ? [segment.name] : [])),
    several: segments.some((segment) => segment.type === 'every'),
  };
}

/** Where a list has no item with the wanted keys, and which items it has instead. */
export interface MissingItem {
  listPath: string;
  wanted: string;
  candidates: string[];
}

/**
 * What a path leads to. A field that is not there is `undefined`, a value like any other. A path with `[*]` leads to as
 * many values as there are items; one with keys to every item that has them (normally one), or to one `undefined`.
 */
export interface Resolution {
  values: unknown[];
  missingItem?: MissingItem;
}

export function resolveFieldPath(path: FieldPath, object: unknown): Resolution {
  let values: unknown[] = [object];
  let missingItem: MissingItem | undefined;
  let walked = '';
  for (const segment of path.segments) {
    if (segment.type === 'keys') {
      const found = values.flatMap((value) => itemsWith(value, segment.keys));
      if (found.length === 0 && values.length > 0) {
        missingItem ??= {
          listPath: walked,
          wanted: segment.keys.map(({ field, value }) => `${field.join('.')}=${value}`).join(', '),
          candidates: values.flatMap((value) => keyValues(value, segment.keys[0]?.field ?? [])),
        };
        values = [undefined];
      } else values = found;
    } else if (segment.type === 'every') {
      values = values.flatMap((value) => (Array.isArray(value) ? value : []));
    } else values = values.map((value) => step(value, segment));
    walked += segmentText(segment, walked === '');
  }
  return missingItem ? { values, missingItem } : { values };
}

/** The own field of a plain object; undefined of anything else. */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function step(value: unknown, segment: Extract<PathSegment, { type: 'field' | 'index' }>): unknown {
  if (segment.type === 'field') return fieldOf(value, segment.name);
  return Array.isArray(value) ? value[segment.index] : undefined;
}

const deepField = (item: unknown, field: string[]): unknown => field.reduce<unknown>(fieldOf, item);

function itemsWith(value: unknown, keys: { field: string[]; value: string }[]): unknown[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item) =>
    keys.every(({ field, value: wanted }) => String(deepField(item, field)) === wanted),
  );
}

function keyValues(value: unknown, field: string[]): string[] {
  if (!Array.isArray(value)) return [];
  return value
    .map((item) => deepField(item, field))
    .filter((key) => key !== undefined && key !== null)
    .map(String);
}

function segmentText(segment: PathSegment, first: boolean): string {
  switch (segment.type) {
    case 'field': {
      const plain = /^[A-Za-z0-9_$-]+$/.test(segment.name);
      return plain ? `${first ? '' : '.'}${segment.name}` : `[${JSON.stringify(segment.name)}]`;
    }
    case 'index':
      return `[${segment.index}]`;
    case 'every':
      return '[*]';
    case 'keys':
      return `[${segment.keys.map(({ field, value }) => `${field.join('.')}=${value}`).join(',')}]`;
  }
}
