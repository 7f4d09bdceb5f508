import { readFileSync } from 'node:fs';
import type { ServedResource } from '../../schema/resources.js';

/** A column's header; `priority` 0 is always shown, others only with `-o wide`. */
export interface ColumnDefinition {
  name: string;
  type: string;
  format: string;
  description: string;
  priority: number;
}

/** A column that a CustomResourceDefinition asks for (`additionalPrinterColumns`). */
export interface CustomColumn {
  name: string;
  type: string;
  format?: string | undefined;
  description?: string | undefined;
  priority?: number | undefined;
  jsonPath: string;
}

type ColumnData = Omit<ColumnDefinition, 'description'>;

const data: Record<string, Record<string, ColumnData[]>> = JSON.parse(
  readFileSync(new URL('../../schema/data/tables.json', import.meta.url), 'utf8'),
);
/** By `apps/v1/deployments`. */
const builtIn = new Map<string, readonly ColumnDefinition[]>();
for (const [apiVersion, resources] of Object.entries(data))
  for (const [plural, columns] of Object.entries(resources))
    builtIn.set(
      `${apiVersion}/${plural}`,
      columns.map((column) => ({ ...column, description: '' })),
    );

const NAME = { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 };

/** What a custom resource shows when its definition names no columns. */
export const DEFAULT_CUSTOM_COLUMNS: readonly CustomColumn[] = [
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
];

const DEFAULT_COLUMNS: readonly ColumnDefinition[] = [
  NAME,
  { name: 'Created At', type: 'date', format: '', description: '', priority: 0 },
];

/** The columns of a built-in resource. */
export function builtInColumns({ apiVersion, plural }: ServedResource): readonly ColumnDefinition[] {
  return builtIn.get(`${apiVersion}/${plural}`) ?? DEFAULT_COLUMNS;
}

/** The columns of a custom resource: its name and those it asks for. */
export function customColumnDefinitions(columns: readonly CustomColumn[]): ColumnDefinition[] {
  const definitions = columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format: format ?? '',
    description: description ?? '',
    priority: priority ?? 0,
  }));
  return [NAME, ...definitions];
}
