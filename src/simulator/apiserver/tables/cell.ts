import type { LabelSelector } from '../../api/meta-v1.generated.js';
import { humanDuration } from '../../machinery/duration.js';
import type { KubernetesObject } from '../../object.js';

/** What a table row holds in one column; null is printed by kubectl as `<none>`. */
export type Cell = string | number | boolean | null;

/**
 * Makes the cells of one row, in the order of the resource's columns (schema/data/tables.json), wide ones included.
 * Bivariant, so that printers can name the type of the objects they are registered for.
 */
export type CellPrinter = { print(object: KubernetesObject, nowMs: number): Cell[] }['print'];

const UNKNOWN = '<unknown>';
export const NONE = '<none>';
export const UNSET = '<unset>';

/** The time since a `Time` or `MicroTime`, e.g. `5m22s`; `<unknown>` when it was never set. */
export function since(timestamp: string | undefined, nowMs: number): string {
  const time = timestamp === undefined ? Number.NaN : Date.parse(timestamp);
  return Number.isNaN(time) ? UNKNOWN : humanDuration(nowMs - time);
}

export function age(object: KubernetesObject, nowMs: number): string {
  return since(object.metadata.creationTimestamp, nowMs);
}

/** `a=1,b=2`, by name; `<none>` when there are none. */
export function formatLabels(labels: Record<string, string> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? NONE : pairs.sort().join(',');
}

function formatRequirement(key: string, operator: string, values: readonly string[]): string {
  const list = `(${[...values].sort().join(',')})`;
  if (operator === 'In') return `${key} in ${list}`;
  if (operator === 'NotIn') return `${key} notin ${list}`;
  return operator === 'DoesNotExist' ? `!${key}` : key;
}

/** The string form of a selector: `app=web,tier in (a,b),!old`, by key; empty when it selects everything or nothing. */
export function selectorString(selector: LabelSelector | undefined): string {
  const requirements = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({
    key,
    text: `${key}=${value}`,
  }));
  for (const { key, operator, values } of selector?.matchExpressions ?? [])
    requirements.push({ key, text: formatRequirement(key, operator, values ?? []) });
  return requirements
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map((requirement) => requirement.text)
    .join(',');
}

export function formatSelector(selector: LabelSelector | undefined): string {
  return selectorString(selector) || NONE;
}

interface NamedImage {
  name: string;
  image?: string | undefined;
}

/** The wide columns Containers and Images. */
export function containerCells(containers: readonly NamedImage[] | undefined): [string, string] {
  const all = containers ?? [];
  return [all.map((each) => each.name).join(','), all.map((each) => each.image ?? '').join(',')];
}

const LIST_LIMIT = 3;

/** The first three of a list and how many more there are: `a,b,c + 2 more...`. */
export function firstOf(list: readonly string[], empty: string): string {
  if (list.length === 0) return empty;
  const shown = list.slice(0, LIST_LIMIT).join(',');
  return list.length > LIST_LIMIT ? `${shown} + ${list.length - LIST_LIMIT} more...` : shown;
}

interface Condition {
  type: string;
  status: string;
}

export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditions?.some((each) => each.type === type && each.status === 'True') ?? false;
}
