import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  QuantityError,
  quantityToBytes,
  quantityToMillis,
} from './quantity.js';

const text = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    fc.integer({ min: 0, max: 9_999_999 }),
    fc.option(fc.integer({ min: 0, max: 999 }), { nil: undefined }),
    fc.constantFrom('', 'm', 'u', 'n', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'E-2'),
  )
  .map(
    ([sign, whole, fraction, suffix]) =>
      `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}${suffix}`,
  );

describe('quantities', () => {
  it.each([
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.1Gi', '107374182400m'],
    ['1500', '1500'],
    ['2000k', '2M'],
    ['1e3', '1e3'],
    ['12e2', '1200'],
    ['512Ki', '512Ki'],
    ['1000Ki', '1000Ki'],
    ['0Mi', '0'],
    ['-5m', '-5m'],
    ['.5', '500m'],
  ])('prints %s as %s', (given, canonical) => {
    expect(canonicalQuantity(given)).toBe(canonical);
  });

  it.each(['', 'abc', '1 Gi', '1.2.3', '5x'])('refuses %j', (given) => {
    expect(() => parseQuantity(given)).toThrow(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  });

  it('refuses a suffix that does not exist', () => {
    expect(() => parseQuantity('5Kii')).toThrow(new QuantityError("unable to parse quantity's suffix"));
  });

  it('rounds up', () => {
    expect(quantityToMillis('1.0001')).toBe(1001);
    expect(quantityToBytes('1.5')).toBe(2);
    expect(quantityToBytes('1Ki')).toBe(1024);
  });

  it('means the same in its canonical form, which is its own canonical form', () => {
    fc.assert(
      fc.property(text, (given) => {
        const canonical = canonicalQuantity(given);
        expect(compareQuantities(parseQuantity(given), parseQuantity(canonical))).toBe(0);
        expect(canonicalQuantity(canonical)).toBe(canonical);
      }),
    );
  });

  it('adds without loss, in any order', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [left, right] = [parseQuantity(a), parseQuantity(b)];
        const sum = addQuantities(left, right);
        expect(compareQuantities(sum, addQuantities(right, left))).toBe(0);
        expect(parseQuantity(formatQuantity(sum)).nanos).toBe(left.nanos + right.nanos);
      }),
    );
  });
});
