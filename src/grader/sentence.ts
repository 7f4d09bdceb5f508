import type { ObjectSubject, Size } from './schema.js';

const MAX_TEXT = 200;

/** A value as people read it: plain text bare, everything else as JSON, cut after 200 characters. */
export function sayValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string')
    return cut(/^\S+( \S+)*$/.test(value) && value !== 'nothing' ? value : JSON.stringify(value));
  return cut(JSON.stringify(value));
}

export function saySize(size: Size): string {
  if (typeof size === 'number') return `exactly ${size}`;
  const bounds = [
    size.atLeast === undefined ? '' : `at least ${size.atLeast}`,
    size.atMost === undefined ? '' : `at most ${size.atMost}`,
  ];
  return bounds.filter(Boolean).join(' and ');
}

/** `a, b or c`; at most five, then how many more. */
export function sayChoice(names: readonly string[], last = 'or'): string {
  const shown = names.slice(0, 5);
  if (names.length > shown.length) return `${shown.join(', ')} and ${names.length - shown.length} more`;
  if (shown.length < 2) return shown[0] ?? '';
  return `${shown.slice(0, -1).join(', ')} ${last} ${shown.at(-1)}`;
}

export function sayPlural(count: number, kind: string): string {
  if (count === 1) return `${count} ${kind}`;
  if (/(s|x|ch|sh)$/.test(kind)) return `${count} ${kind}es`;
  return `${count} ${/[^aeiou]y$/.test(kind) ? `${kind.slice(0, -1)}ies` : `${kind}s`}`;
}

/** ` in namespace shop`, ` in any namespace`, or nothing where none is named. */
export function sayNamespace(namespace: string | undefined): string {
  if (namespace === '*') return ' in any namespace';
  return namespace === undefined ? '' : ` in namespace ${namespace}`;
}

export function saySelector(selector: ObjectSubject['selector']): string {
  if (selector === undefined) return '';
  return ` with ${selectorText(selector)}`;
}

/** A label selector as the API takes it. */
export function selectorText(selector: NonNullable<ObjectSubject['selector']>): string {
  if (typeof selector === 'string') return selector;
  return Object.entries(selector)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
}

export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** One paragraph of whole sentences, each ended by a full stop. */
export function joinSentences(...texts: (string | undefined)[]): string {
  return texts
    .filter((text): text is string => text !== undefined && text !== '')
    .map((text) => (/[.!?]$/.test(text) ? capitalize(text) : `${capitalize(text)}.`))
    .join(' ');
}

const cut = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text);
