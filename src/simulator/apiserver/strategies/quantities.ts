import { compareQuantities, parseQuantity } from '../../machinery/quantity.js';

/** Quantities in stored objects are well-formed: decoding checked them. */
export const equalQuantities = (left: string, right: string) =>
  compareQuantities(parseQuantity(left), parseQuantity(right)) === 0;

export const isZeroQuantity = (quantity: string) => parseQuantity(quantity).nanos === 0n;
