/** One step of a path: a field, an index, every element, or the elements whose field equals a value. */
type Step =
  | { field: string }
  | { index: number }
  | { all: true }
  | { where: string[]; equals: string | number | boolean };

const STEP =
  /\.(?<field>(?:\\.|[^.[\]\\])+)|\[(?:'(?<quoted>[^']*)'|(?<index>-?\d+)|(?<all>\*)|\?\(@(?<where>[^=]+)==\s*(?<equals>[^)]+)\))\]/y;

function parseLiteral(text: string): string | number | boolean {
  const trimmed = text.trim();
  const quoted = /^(['"])(.*)\1$/.exec(trimmed);
  if (quoted) return quoted[2] ?? '';
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true';
  return Number(trimmed);
}

function toStep(groups: Record<string, string | undefined>): Step {
  const { field, quoted, index, where, equals } = groups;
  if (field === '*') return { all: true };
  if (field !== undefined) return { field: field.replace(/\\(.)/g, '$1') };
  if (quoted !== undefined) return { field: quoted };
  if (index !== undefined) return { index: Number(index) };
  if (where === undefined || equals === undefined) return { all: true };
  return { where: where.trim().slice(1).split('.'), equals: parseLiteral(equals) };
}

function parse(path: string): Step[] | undefined {
  const text = path.startsWith('.') || path.startsWith('[') ? path : `.${path}`;
  const steps: Step[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text);
    if (!match?.groups) return undefined;
    steps.push(toStep(match.groups));
  }
  return steps;
}

const fieldOf = (value: unknown, field: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, field)
    ? (value as Record<string, unknown>)[field]
    : undefined;

function follow(value: unknown, step: Step): unknown[] {
  if ('field' in step) return [fieldOf(value, step.field)];
  const elements = Array.isArray(value)
    ? value
    : typeof value === 'object' && value
      ? Object.values(value)
      : [];
  if ('index' in step) return Array.isArray(value) ? [value.at(step.index)] : [];
  if ('all' in step) return elements;
  return elements.filter((element) => step.where.reduce(fieldOf, element as unknown) === step.equals);
}

/**
 * Finds what a printer column's `jsonPath` points at. The subset of JSONPath that CustomResourceDefinitions use:
 * fields (with `\.` for a dot, or quoted in brackets), indices, `[*]` and `[?(@.type=="Ready")]`. A path that cannot be
 * read finds nothing.
 */
export function findByJsonPath(value: unknown, path: string): unknown[] {
  const steps = parse(path);
  if (!steps) return [];
  const found = steps.reduce<unknown[]>(
    (values, step) => values.flatMap((each) => follow(each, step)),
    [value],
  );
  return found.filter((each) => each !== undefined && each !== null);
}
