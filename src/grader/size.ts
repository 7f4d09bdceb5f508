import type { Size } from './schema.js';

export function withinSize(count: number, size: Size): boolean {
  if (typeof size === 'number') return count === size;
  return count >= (size.atLeast ?? 0) && count <= (size.atMost ?? Number.POSITIVE_INFINITY);
}
