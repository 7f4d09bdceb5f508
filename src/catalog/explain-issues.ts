import type { z } from 'zod';
import { editDistance } from '../grader/nearest.js';
import type { YamlDocument, YamlPath } from './yaml-document.js';

type Issue = z.core.$ZodIssue;
type JsonSchema = Record<string, unknown>;

export interface Explanation {
  line: number;
  column: number;
  message: string;
}

/**
 * A schema's issues as sentences with their place in the document. `schema` is the JSON Schema of the same shape: it knows
 * which keys are allowed where, for "did you mean".
 */
export function explainIssues(
  issues: readonly Issue[],
  document: YamlDocument,
  schema: JsonSchema,
): Explanation[] {
  return issues.flatMap((issue) => explain(issue, [], document, schema));
}

function explain(issue: Issue, above: YamlPath, document: YamlDocument, schema: JsonSchema): Explanation[] {
  const path = [...above, ...issue.path];
  const here = (message: string): Explanation => ({
    ...document.positionOf(path),
    message: say(path, message),
  });
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        ...document.positionOfKey(path, key),
        message: say(
          path,
          `unknown key "${key}"${suggestion(key, allowedKeys(schema, path), '; known are ')}`,
        ),
      }));
    case 'invalid_union':
      return explainUnion(issue.errors, path, document, schema, here);
    case 'invalid_type': {
      const value = valueAt(document.value, path);
      return [
        value === undefined
          ? missing(path, document)
          : here(`expected ${issue.expected}, found ${typeName(value)}`),
      ];
    }
    case 'invalid_value': {
      const value = valueAt(document.value, path);
      const values = issue.values.map(String);
      if (value === undefined) return [missing(path, document, `; write ${values.join(', ')}`)];
      const meant = typeof value === 'string' ? suggestion(value, values) : '';
      return [here(`expected ${values.join(', ')}, found ${JSON.stringify(value)}${meant}`)];
    }
    default:
      return [here(lowerFirst(issue.message))];
  }
}

/** Told at the map that should have the key. */
function missing(path: YamlPath, document: YamlDocument, advice = ''): Explanation {
  const parent = path.slice(0, -1);
  const name = path.length === 0 ? 'the document' : `"${String(path.at(-1))}"`;
  return { ...document.positionOf(parent), message: say(parent, `${name} is missing${advice}`) };
}

/** Of a union's alternatives the one that the author meant: right kind of value, fewest issues, deepest in. */
function explainUnion(
  alternatives: readonly (readonly Issue[])[],
  path: YamlPath,
  document: YamlDocument,
  schema: JsonSchema,
  here: (message: string) => Explanation,
): Explanation[] {
  const rightKind = alternatives.filter((issues) => !issues.some(isWrongKind));
  if (rightKind.length === 0) {
    const kinds = alternatives.flatMap((issues) =>
      issues.flatMap((one) => (isWrongKind(one) ? [expectedOf(one)] : [])),
    );
    return [here(`expected ${[...new Set(kinds)].join(' or ')}`)];
  }
  const [best = []] = rightKind.toSorted((a, b) => a.length - b.length || depth(b) - depth(a));
  return best.flatMap((issue) => explain(issue, path, document, schema));
}

const isWrongKind = (issue: Issue): boolean =>
  issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');

const expectedOf = (issue: Issue): string => {
  if (issue.code === 'invalid_type') return issue.expected;
  return issue.code === 'invalid_value' ? issue.values.map(String).join(', ') : '';
};

const depth = (issues: readonly Issue[]): number => Math.max(0, ...issues.map((issue) => issue.path.length));

/** `steps[0].checks[1].expect["spec.replicas"]: …`; bare for the whole document. */
function say(path: YamlPath, message: string): string {
  const text = path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      const name = String(part);
      if (!/^[\w-]+$/.test(name)) return `[${JSON.stringify(name)}]`;
      return index === 0 ? name : `.${name}`;
    })
    .join('');
  return text === '' ? message : `${text}: ${message}`;
}

/** What was meant, if it is close; otherwise all that there is, after `listed`, when that is given. */
function suggestion(given: string, allowed: readonly string[], listed?: string): string {
  const [closest] = allowed
    .map((name) => ({ name, distance: editDistance(given.toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  if (closest && closest.distance <= Math.max(1, Math.floor(closest.name.length / 3)))
    return `; did you mean "${closest.name}"?`;
  const few = allowed.length > 0 && allowed.length <= 20;
  return listed !== undefined && few ? `${listed}${allowed.join(', ')}` : '';
}

/** The keys that the JSON Schema allows at a path, of all alternatives there. */
function allowedKeys(root: JsonSchema, path: YamlPath): string[] {
  let nodes = alternativesOf(root, root);
  for (const part of path) nodes = nodes.flatMap((node) => stepInto(root, node, part));
  return [...new Set(nodes.flatMap((node) => Object.keys(recordOf(node['properties']))))];
}

function stepInto(root: JsonSchema, node: JsonSchema, part: PropertyKey): JsonSchema[] {
  if (typeof part === 'number') return alternativesOf(root, node['items']);
  const properties = recordOf(node['properties']);
  return alternativesOf(root, properties[String(part)] ?? node['additionalProperties']);
}

function alternativesOf(root: JsonSchema, node: unknown): JsonSchema[] {
  const schema = recordOf(node);
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    const target = reference
      .replace(/^#\/?/, '')
      .split('/')
      .filter(Boolean)
      .reduce<unknown>((value, name) => recordOf(value)[name], root);
    return alternativesOf(root, target);
  }
  const several = [schema['anyOf'], schema['oneOf'], schema['allOf']].find(Array.isArray);
  return Array.isArray(several) ? several.flatMap((one) => alternativesOf(root, one)) : [schema];
}

const recordOf = (value: unknown): JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : {};

function valueAt(value: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>(
    (current, part) =>
      typeof current === 'object' && current !== null ? Reflect.get(current, part) : undefined,
    value,
  );
}

function typeName(value: unknown): string {
  if (value === null) return 'nothing';
  return Array.isArray(value) ? 'array' : typeof value;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
