import type { KubernetesObject } from '../../object.js';
import { type Cell, since } from './cell.js';
import type { CustomColumn } from './columns.js';
import { findByJsonPath } from './json-path.js';

function toCell(value: unknown, type: string, nowMs: number): Cell {
  switch (type) {
    case 'string':
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      if (typeof value !== 'string') return null;
      return Number.isNaN(Date.parse(value)) ? '<invalid>' : since(value, nowMs);
    default:
      return null;
  }
}

/** The cells of a custom resource: its name and what the columns' paths find, null where that is nothing. */
export function printCustomCells(
  object: KubernetesObject,
  columns: readonly CustomColumn[],
  nowMs: number,
): Cell[] {
  const cells = columns.map(({ jsonPath, type }) => {
    const [value] = findByJsonPath(object, jsonPath);
    return value === undefined ? null : toCell(value, type, nowMs);
  });
  return [object.metadata.name, ...cells];
}
