import { getPath } from './json.js';
import { SelectorError } from './label-selector.js';

export interface FieldRequirement {
  field: string;
  operator: '=' | '!=';
  value: string;
}

/** All requirements must hold; without any, everything matches. */
export type FieldSelector = FieldRequirement[];

/** Reads `status.phase!=Running,spec.nodeName=` as `?fieldSelector=` has it. Throws `SelectorError`. */
export function parseFieldSelector(text: string): FieldSelector {
  return splitUnescaped(text)
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^((?:[^\\=!]|\\.)*?)(==|!=|=)((?:[^\\]|\\.)*)$/s.exec(part);
      if (!match) throw new SelectorError(`invalid selector: '${text}'; can't understand '${part}'`);
      const [, field = '', operator, value = ''] = match;
      return { field, operator: operator === '!=' ? '!=' : '=', value: unescapeValue(value) };
    });
}

/** Commas separate requirements unless a backslash stands before them. */
function splitUnescaped(text: string): string[] {
  return text.match(/(?:[^\\,]|\\.?)+/gs) ?? [];
}

function unescapeValue(value: string): string {
  return value.replace(/\\(.?)|[,=]/gs, (found, escaped: string | undefined) => {
    if (escaped === undefined)
      throw new SelectorError(`invalid field selector: unescaped character in value: ${found}`);
    if (!['\\', ',', '='].includes(escaped))
      throw new SelectorError(`invalid field selector: invalid escape sequence: ${found}`);
    return escaped;
  });
}

/** Every resource can be selected by these. */
const METADATA_FIELDS = ['metadata.name', 'metadata.namespace'];

/**
 * Whether the object matches. `supportedFields` are the paths that this resource can be selected by, besides its name
 * and namespace; another one throws `SelectorError` (`field label not supported: spec.nosuch`). An absent field is the
 * empty string.
 */
export function fieldSelectorMatches(
  selector: FieldSelector,
  object: object,
  supportedFields: readonly string[],
): boolean {
  assertFieldsSupported(selector, supportedFields);
  return selector.every(({ field, operator, value }) => {
    const found = getPath(object, ...field.split('.'));
    const text = found === undefined || found === null ? '' : String(found);
    return (text === value) === (operator === '=');
  });
}

/** Throws `SelectorError` for the first field of the selector that the resource cannot be selected by. */
export function assertFieldsSupported(selector: FieldSelector, supportedFields: readonly string[]): void {
  for (const { field } of selector)
    if (!METADATA_FIELDS.includes(field) && !supportedFields.includes(field))
      throw new SelectorError(`field label not supported: ${field}`);
}
