import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conditionProblem } from './condition.js';
import { FieldPathError, parseFieldPath, resolveFieldPath } from './field-path.js';
import { judgeValue } from './judge-value.js';
import { compareQuantities, parseQuantity } from './quantity.js';
import { checkSchema, type Expectation } from './schema.js';

describe('field paths', () => {
  const object = {
    metadata: { labels: { 'app.kubernetes.io/name': 'web' } },
    ports: [
      { name: 'http', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    ],
  };
  it.each([
    ['metadata.labels["app.kubernetes.io/name"]', ['web']],
    ["metadata.labels['app.kubernetes.io/name']", ['web']],
    ['ports[0].port', [80]],
    ['ports[port=53,protocol=TCP].name', ['dns-tcp']],
    ['ports[port=53].name', ['dns', 'dns-tcp']],
    ['ports[name="http"].port', [80]],
    ['ports[*].port', [80, 53, 53]],
    ['ports[*].protocol', [undefined, 'UDP', 'TCP']],
    ['nothing[*].port', []],
    ['nothing.at.all', [undefined]],
    ['constructor.name', [undefined]],
    ['ports[name=smtp].port', [undefined]],
  ])('%s leads to %j', (text, values) => {
    expect(resolveFieldPath(parseFieldPath(text), object).values).toEqual(values);
  });

  it.each(['', '.a', 'a.', 'a[', 'a[]', 'a[name=]', 'a[name=b', 'a..b', 'a b', 'a["x]'])(
    '%j is no path',
    (text) => {
      expect(() => parseFieldPath(text)).toThrow(FieldPathError);
    },
  );
});

describe('quantities', () => {
  it.each([
    ['500m', '0.5', 0],
    ['1Gi', '1024Mi', 0],
    ['1G', '1Gi', -1],
    ['1e3', '1k', 0],
    [2, '2000m', 0],
    ['-1', '1', -1],
    ['100n', '1u', -1],
  ])('%s against %s is %d', (a, b, order) => {
    expect(compareQuantities(a, b)).toBe(order);
  });
  it.each(['', 'm', '.', '1 Gi', 'abc', '1x', null, {}])('%j is none', (value) => {
    expect(parseQuantity(value)).toBeUndefined();
  });
  it('orders whole numbers with any suffix as their product does', () => {
    const suffix = fc.constantFrom<[string, number]>(
      ['', 1],
      ['k', 1e3],
      ['M', 1e6],
      ['Ki', 1024],
      ['Mi', 1048576],
    );
    fc.assert(
      fc.property(fc.nat(9999), suffix, fc.nat(9999), suffix, (a, [sa, fa], b, [sb, fb]) => {
        expect(compareQuantities(`${a}${sa}`, `${b}${sb}`)).toBe(Math.sign(a * fa - b * fb));
      }),
    );
  });
});

describe('operators', () => {
  const cases: [unknown, Expectation, boolean][] = [
    ['80', 80, true],
    [true, 'true', true],
    [undefined, { equals: null }, true],
    [undefined, { not: 'nginx' }, true],
    [undefined, { matches: 'x' }, false],
    [undefined, { length: 0 }, true],
    ['nginx:1.27', { matches: '^nginx:1\\.2[67]$' }, true],
    ['nginx:1.27', { oneOf: ['nginx:1.26', 'nginx:1.27'] }, true],
    ['nginx:1.27', { contains: '1.2' }, true],
    [['a', 'b'], { contains: 'b' }, true],
    [[{ name: 'a', x: 1 }], { contains: { name: 'a' } }, true],
    [['sh', '-c', 'date'], ['sh', '-c', 'date'], true],
    [['sh', 'date', '-c'], ['sh', '-c', 'date'], false],
    [{ a: 1, b: { c: 2, d: 3 } }, { subset: { b: { c: 2 } } }, true],
    [[{ a: 1, b: 1 }, { a: 1 }], { subset: [{ a: 1 }, { b: 1 }] }, true],
    [[{ a: 1 }], { subset: [{ a: 1 }, { a: 1 }] }, false],
    ['1Gi', { atLeast: '1024Mi' }, true],
    [3, { moreThan: 2, lessThan: 3 }, false],
    ['soon', { atLeast: 1 }, false],
    [[], { every: { atLeast: 1 } }, false],
    [[1, 2], { every: { atLeast: 1 } }, true],
    [[0, 2], { any: { atLeast: 1 } }, true],
    [{}, { present: true }, true],
    [null, { absent: true }, true],
  ];
  it.each(cases)('%j against %j: %s', (value, expectation, holds) => {
    expect(judgeValue(value, expectation, ['spec']).holds).toBe(holds);
  });
  it('compares spellings as quantities only where the field is one', () => {
    expect(judgeValue('500m', '0.5', ['resources', 'limits', 'cpu']).holds).toBe(true);
    expect(
      judgeValue({ limits: { cpu: '500m' } }, { subset: { limits: { cpu: 0.5 } } }, ['resources']).holds,
    ).toBe(true);
    expect(judgeValue('500m', '0.5', ['data', 'cpu']).holds).toBe(false);
  });
});

describe('conditions', () => {
  it.each([
    ['object.spec.replicas == 2', undefined],
    ['object.spec.replicas ==', 'not'],
    ['1 + 1', 'int'],
    ['unknown == 1', 'nknown'],
    ['objects.all(a, objects.all(b, objects.all(c, objects.all(d, true))))', 'comprehensions'],
    [`object.a == ${Array(15).fill('object.b').join(' + ')}`, 'additions'],
  ])('%s', (condition, problem) => {
    if (problem === undefined) expect(conditionProblem(condition)).toBeUndefined();
    else expect(conditionProblem(condition)).toBeDefined();
  });
});

describe('the schema', () => {
  const object = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop' };
  const problemsOf = (fields: Record<string, unknown>): string[] => {
    const result = checkSchema.safeParse({ id: 'a', title: 'A', object, ...fields });
    return result.success ? [] : result.error.issues.map((issue) => issue.path.join('/'));
  };
  it.each([
    [{ quantifier: 'any' }, []],
    [{}, ['object']],
    [{ quantifier: 'all' }, ['quantifier']],
    [{ object: { ...object, name: 'a' }, quantifier: 'all', cel: 'true' }, ['quantifier']],
    [{ quantifier: 'any', expect: { 'a[': 1 } }, ['expect/a[']],
    [{ quantifier: 'any', expect: { 'a[*].b': 1 } }, ['expect/a[*].b']],
    [{ quantifier: 'any', expect: { 'a[*].b': { every: 1 } } }, []],
    [{ quantifier: 'any', within: 'soon' }, ['within']],
  ])('%j', (fields, paths) => {
    expect(problemsOf(fields)).toEqual(paths);
  });
});
