import { labelValueProblems, qualifiedNameProblems } from './names.js';

export type LabelOperator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt';

export interface LabelRequirement {
  key: string;
  operator: LabelOperator;
  /** Sorted, each once; empty for `exists` and `!`. */
  values: string[];
}

/**
 * All requirements must hold; without any, everything matches.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
export interface LabelSelector {
  requirements: LabelRequirement[];
  /** Nothing matches, whatever the labels: what an absent selector in an object means. */
  nothing?: boolean;
}

/** The selector is malformed; the message is the one of the API server. */
export class SelectorError extends Error {
  override name = 'SelectorError';
}

/** Reads `app=web,tier in (a,b),!old,size gt …` as `?labelSelector=` has it. Throws `SelectorError`. */
export function parseLabelSelector(text: string): LabelSelector {
  const requirements = new Parser(scan(text)).parse();
  return { requirements: requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)) };
}

const OBJECT_OPERATORS: Record<string, LabelOperator> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/**
 * The selector of an object's `matchLabels` and `matchExpressions`. An empty one matches everything, an absent one
 * nothing. Throws `SelectorError` for an operator that does not exist.
 */
export function selectorFrom(
  selector:
    | {
        matchLabels?: Record<string, string> | undefined;
        matchExpressions?: { key: string; operator: string; values?: string[] | undefined }[] | undefined;
      }
    | null
    | undefined,
): LabelSelector {
  if (!selector) return { requirements: [], nothing: true };
  const equalities = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]): LabelRequirement => ({ key, operator: 'in', values: [value] }),
  );
  const expressions = (selector.matchExpressions ?? []).map((expression): LabelRequirement => {
    const operator = OBJECT_OPERATORS[expression.operator];
    if (!operator) throw new SelectorError(`"${expression.operator}" is not a valid label selector operator`);
    return { key: expression.key, operator, values: [...(expression.values ?? [])].sort() };
  });
  return { requirements: [...equalities, ...expressions] };
}

export function selectorMatches(
  selector: LabelSelector,
  labels: Record<string, string> | null | undefined,
): boolean {
  if (selector.nothing) return false;
  return selector.requirements.every((requirement) => requirementHolds(requirement, labels ?? {}));
}

function requirementHolds(
  { key, operator, values }: LabelRequirement,
  labels: Record<string, string>,
): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && values.includes(value);
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    default:
      return comparisonHolds(value, operator, values[0]);
  }
}

function comparisonHolds(value: string | undefined, operator: 'gt' | 'lt', limit = ''): boolean {
  if (value === undefined || !INTEGER.test(value) || !INTEGER.test(limit)) return false;
  return operator === 'gt' ? BigInt(value) > BigInt(limit) : BigInt(value) < BigInt(limit);
}

const INTEGER = /^-?\d+$/;

/** The selector as text, as `kubectl describe` and messages show it. */
export function formatLabelSelector({ requirements, nothing }: LabelSelector): string {
  if (nothing) return '<none>';
  return [...requirements]
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(formatRequirement)
    .join(',');
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  if (operator === 'exists') return key;
  if (operator === '!') return `!${key}`;
  if (operator === 'in' || operator === 'notin') return `${key} ${operator} (${values.join(',')})`;
  if (operator === 'gt') return `${key}>${values[0]}`;
  return operator === 'lt' ? `${key}<${values[0]}` : `${key}${operator}${values[0]}`;
}

interface Token {
  kind: 'identifier' | 'operator' | 'keyword' | 'end';
  text: string;
}

const SYMBOLS = ['==', '!=', '=', '!', '<', '>', '(', ')', ','];
const BINARY: Record<string, LabelOperator> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};
/** As the API server lists them in its message. */
const BINARY_OPERATORS = 'in, notin, =, ==, !=, gt, lt';

function scan(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const rest = text.slice(position);
    const space = /^[ \t\r\n]+/.exec(rest)?.[0];
    const symbol = SYMBOLS.find((candidate) => rest.startsWith(candidate));
    const word = /^[^=!(),<> \t\r\n]+/.exec(rest)?.[0] ?? '';
    if (space === undefined && symbol !== undefined) tokens.push({ kind: 'operator', text: symbol });
    else if (space === undefined)
      tokens.push({ kind: word === 'in' || word === 'notin' ? 'keyword' : 'identifier', text: word });
    position += (space ?? symbol ?? word).length;
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

class Parser {
  private position = 0;

  constructor(private readonly tokens: Token[]) {}

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    while (this.peek().kind !== 'end') {
      if (!this.startsRequirement())
        throw new SelectorError(`found '${this.peek().text}', expected: !, identifier, or 'end of string'`);
      requirements.push(this.requirement());
      const next = this.take();
      if (next.kind === 'end') break;
      if (next.text !== ',')
        throw new SelectorError(`found '${next.text}', expected: ',' or 'end of string'`);
      if (!this.startsRequirement())
        throw new SelectorError(`found '${this.peek().text}', expected: identifier after ','`);
    }
    return requirements;
  }

  private startsRequirement(): boolean {
    return this.isIdentifier(this.peek()) || this.peek().text === '!';
  }

  private requirement(): LabelRequirement {
    const negated = this.peek().text === '!';
    if (negated) this.take();
    const key = this.take();
    if (!this.isIdentifier(key)) this.failRequirement(`found '${key.text}', expected: identifier`);
    const [problem] = [qualifiedNameProblems(key.text).join('; ')].filter(Boolean);
    if (problem) this.failRequirement(`<nil>: Invalid value: ${JSON.stringify(key.text)}: ${problem}`);
    if (negated) return { key: key.text, operator: '!', values: [] };
    if (this.peek().kind === 'end' || this.peek().text === ',')
      return { key: key.text, operator: 'exists', values: [] };
    const operator = this.operator();
    const values = operator === 'in' || operator === 'notin' ? this.list() : [this.exactValue()];
    this.checkValues(key.text, operator, values);
    return { key: key.text, operator, values };
  }

  private operator(): LabelOperator {
    const token = this.take();
    const operator = BINARY[token.text];
    if (!operator || token.kind === 'end')
      this.failRequirement(`found '${token.text}', expected: ${BINARY_OPERATORS}`);
    return operator;
  }

  private list(): string[] {
    const open = this.take();
    if (open.text !== '(') this.failRequirement(`found '${open.text}' expected: '('`);
    const first = this.peek();
    if (!this.isIdentifier(first) && first.text !== ',' && first.text !== ')')
      this.failRequirement(`found '${first.text}', expected: ',', ')' or identifier`);
    const values = new Set<string>();
    let expectsValue = true;
    while (this.peek().text !== ')') {
      const token = this.take();
      if (token.text === ',') {
        if (expectsValue) values.add('');
        expectsValue = true;
      } else if (this.isIdentifier(token) && expectsValue) {
        values.add(token.text);
        expectsValue = false;
      } else {
        this.failRequirement(
          `found '${token.text}', expected: ${expectsValue ? "',', or identifier" : "',' or ')'"}`,
        );
      }
    }
    this.take();
    if (expectsValue) values.add('');
    return [...values].sort();
  }

  private exactValue(): string {
    if (this.peek().kind === 'end' || this.peek().text === ',') return '';
    const token = this.take();
    if (!this.isIdentifier(token)) this.failRequirement(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  private checkValues(key: string, operator: LabelOperator, values: string[]): void {
    values.forEach((value, index) => {
      if ((operator === 'gt' || operator === 'lt') && !INTEGER.test(value))
        this.failRequirement(
          `values[${index}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
        );
      const problem = labelValueProblems(value).join('; ');
      if (problem !== '')
        this.failRequirement(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${problem}`);
    });
  }

  private failRequirement(why: string): never {
    throw new SelectorError(`unable to parse requirement: ${why}`);
  }

  private isIdentifier({ kind }: Token): boolean {
    return kind === 'identifier' || kind === 'keyword';
  }

  private peek(): Token {
    return this.tokens[this.position] ?? { kind: 'end', text: '' };
  }

  private take(): Token {
    const token = this.peek();
    this.position++;
    return token;
  }
}
