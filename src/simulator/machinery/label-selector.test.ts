import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertFieldsSupported, fieldSelectorMatches, parseFieldSelector } from './field-selector.js';
import { formatLabelSelector, parseLabelSelector, selectorFrom, selectorMatches } from './label-selector.js';

const matches = (text: string, labels: Record<string, string>) =>
  selectorMatches(parseLabelSelector(text), labels);

describe('label selectors', () => {
  it.each([
    ['', {}, true],
    ['app=web', { app: 'web' }, true],
    ['app==web', { app: 'api' }, false],
    ['app!=web', {}, true],
    ['app', { app: '' }, true],
    ['!app', { app: '' }, false],
    ['app in (web, api),tier', { app: 'api', tier: 'x' }, true],
    ['app notin (web)', { app: 'web' }, false],
    ['app in ()', { app: '' }, true],
    ['size > 3', { size: '10' }, true],
    ['size<3', { size: 'big' }, false],
    ['a=', { a: '' }, true],
    ['in in (in)', { in: 'in' }, true],
    ['toString', {}, false],
  ])('%s on %j is %s', (text, labels, expected) => {
    expect(matches(text, labels as unknown as Record<string, string>)).toBe(expected);
  });

  it.each([
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a=b,', "found '', expected: identifier after ','"],
    ['=b', "found '=', expected: !, identifier, or 'end of string'"],
    ['a=b c=d', "found 'c', expected: ',' or 'end of string'"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    [
      'a>x',
      "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
    [
      '-a=b',
      "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ])('refuses %s', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(expect.objectContaining({ message }));
  });

  it('never hangs or fails in another way', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-c=!(), <>in-]{0,20}$/), (text) => {
        try {
          expect(parseLabelSelector(formatLabelSelector(parseLabelSelector(text)))).toEqual(
            parseLabelSelector(text),
          );
        } catch (error) {
          expect((error as Error).name).toBe('SelectorError');
        }
      }),
    );
  });

  it('tells an empty selector from an absent one', () => {
    expect(selectorMatches(selectorFrom({}), { a: 'b' })).toBe(true);
    expect(selectorMatches(selectorFrom(undefined), { a: 'b' })).toBe(false);
  });

  it('reads expressions of objects', () => {
    const selector = selectorFrom({
      matchLabels: { app: 'web' },
      matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['back'] }],
    });
    expect(selectorMatches(selector, { app: 'web' })).toBe(true);
    expect(selectorMatches(selector, { app: 'web', tier: 'back' })).toBe(false);
  });
});

describe('field selectors', () => {
  const pod = { metadata: { name: 'web' }, spec: { nodeName: 'n1' }, status: {} };

  it.each([
    ['metadata.name=web', true],
    ['spec.nodeName!=n1', false],
    ['status.phase=', true],
    ['metadata.name==web,spec.nodeName=n2', false],
    ['spec.nodeName=a\\,b', false],
  ])('%s is %s', (text, expected) => {
    expect(fieldSelectorMatches(parseFieldSelector(text), pod, ['spec.nodeName', 'status.phase'])).toBe(
      expected,
    );
  });

  it('refuses what cannot be selected by, and what makes no sense', () => {
    expect(() => assertFieldsSupported(parseFieldSelector('spec.nosuch=1'), [])).toThrow(
      'field label not supported: spec.nosuch',
    );
    expect(() => parseFieldSelector('a')).toThrow("invalid selector: 'a'; can't understand 'a'");
  });
});
